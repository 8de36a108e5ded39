"""The disk of the database is full: nothing is carried out, nothing is lost, and room is all it needs."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from almoner_server.embedded import embedded_dsn

from tests.faults.clusters import fill, small_disk
from tests.faults.conftest import Trial
from tests.faults.load import Pace
from tests.faults.service import service

MEGABYTES = 128
"""Room for a new cluster and a little more."""


@pytest.fixture
def disk(public_dir: Path) -> Iterator[Path]:
    try:
        with small_disk(public_dir / "m", MEGABYTES) as mounted:
            yield mounted
    except PermissionError as error:
        pytest.skip(str(error))


@pytest.mark.full
async def test_a_full_disk(trial: Trial, pace: Pace, disk: Path, log: Path) -> None:
    data = disk / "d"
    async with (
        service(log, "--data-dir", str(data)) as server,
        trial("disk full", embedded_dsn(data), [server.address]),
    ):
        filler = fill(disk)
        await need_room(embedded_dsn(data))
        await asyncio.sleep(2 * pace.silence)
        filler.unlink()


async def need_room(dsn: str) -> None:
    """Have PostgreSQL begin a new file of its log, for which there is no room: it ends, and so do its restarts."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute("SELECT pg_switch_wal()")
        finally:
            connection.terminate()
