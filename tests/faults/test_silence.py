"""SIGSTOP: something neither works nor goes away, in full for longer than every timeout there is."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from almoner_server.embedded import embedded_dsn
from almoner_server.embedded.paths import Layout
from almoner_server.embedded.processes import serving

from tests.faults.conftest import Trial
from tests.faults.load import Pace
from tests.faults.service import either, service


async def test_a_server_that_stands_still(trial: Trial, pace: Pace, database: str, log: Path) -> None:
    async with (
        service(log, "--database-url", database) as server,
        trial("SIGSTOP of the only server", database, [server.address]),
    ):
        with stopped(server.pid):
            await asyncio.sleep(pace.standstill)


async def test_a_server_that_stands_still_while_the_other_goes_on(
    trial: Trial, pace: Pace, database: str, log: Path
) -> None:
    """What it holds locked in the database, mid-transaction, must not hold the other up for ever."""
    options = ("--database-url", database)
    async with service(log, *options) as one, service(log, *options) as other:
        targets = [either(other.address, one.address), either(one.address, other.address)]
        async with trial("SIGSTOP of one of two servers", database, targets):
            with stopped(one.pid):
                await asyncio.sleep(pace.standstill)


async def test_a_postgres_that_stands_still(trial: Trial, pace: Pace, public_dir: Path, log: Path) -> None:
    data = public_dir / "d"
    async with service(log, "--data-dir", str(data)) as server:
        async with trial("SIGSTOP of PostgreSQL", embedded_dsn(data), [server.address]):
            with stopped(*serving(Layout.of(data).cluster)):
                await asyncio.sleep(pace.standstill)
        assert server.starts == 1


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """Let processes stand still while the block runs."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):  # a database may have been told to end meanwhile
                os.kill(pid, signal.SIGCONT)
