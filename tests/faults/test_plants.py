"""Bugs planted on purpose: what is measured under faults must show each of them."""

import os
import signal
from pathlib import Path

import asyncpg
import pytest
from almoner_server.embedded import embedded_dsn

from tests.faults.conftest import Measure
from tests.faults.pieces import is_body
from tests.faults.proxy import GRPC, Act, Trap, Way, road
from tests.faults.service import service
from tests.faults.test_kill import postmaster


async def test_a_repetition_without_ids_doubles(measure: Measure, database: str, log: Path) -> None:
    async with (
        service(log, "--database-url", database) as server,
        road(GRPC, server.address) as way_there,
        measure("", database, [way_there.address], "--new-ids") as measured,
    ):
        way_there.trap = Trap(Way.DOWN, is_body, Act.CUT, times=30, every=7)
        await way_there.trap.exhausted()
    assert measured.row.doubled


@pytest.mark.full
async def test_an_answer_before_the_commit_is_on_disk_loses(
    measure: Measure, public_dir: Path, log: Path
) -> None:
    data = public_dir / "d"
    async with service(log, "--data-dir", str(data)) as server:
        connection = await asyncpg.connect(embedded_dsn(data))
        for hasty in (
            "ALTER DATABASE almoner SET synchronous_commit = off",
            "ALTER SYSTEM SET wal_writer_delay = '10s'",
            "SELECT pg_reload_conf()",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'almoner%'",
        ):
            await connection.execute(hasty)
        await connection.close()
        async with measure("", embedded_dsn(data), [server.address]) as measured:
            os.kill(postmaster(data), signal.SIGKILL)
    assert measured.row.lost


@pytest.mark.parametrize(
    ("plant", "column"),
    [pytest.param("no_expiry", "leaked", marks=pytest.mark.full), ("held_ignored", "overspend")],
)
async def test_a_server_with_a_bug_is_found_out(
    measure: Measure, database: str, log: Path, plant: str, column: str
) -> None:
    async with (
        service(log, "--database-url", database, plant=plant) as server,
        measure("", database, [server.address]) as measured,
    ):
        pass
    assert getattr(measured.row, column)
