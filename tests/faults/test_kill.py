"""kill -9: of servers, of PostgreSQL, of both, of callers."""

import os
import signal
from pathlib import Path

import pytest
from almoner_server.embedded import embedded_dsn
from almoner_server.embedded.paths import Layout
from almoner_server.embedded.pidfile import PidFile

from tests.faults.conftest import Trial
from tests.faults.load import Pace
from tests.faults.service import either, service


async def test_one_of_two_servers(trial: Trial, database: str, log: Path) -> None:
    options = ("--database-url", database)
    async with service(log, *options, restart=False) as one, service(log, *options) as other:
        targets = [either(one.address, other.address), either(other.address, one.address)]
        async with trial("kill -9 of one of two servers", database, targets):
            one.send(signal.SIGKILL)


async def test_the_only_server(trial: Trial, pace: Pace, database: str, log: Path) -> None:
    async with service(log, "--database-url", database) as server:
        async with trial("kill -9 of the only server", database, [server.address]) as load:
            for _ in range(pace.times // 2):
                server.send(signal.SIGKILL)
                await load.answers_to_new_calls(20)
        assert server.starts == 1 + pace.times // 2


async def test_postgres(trial: Trial, pace: Pace, public_dir: Path, log: Path) -> None:
    data = public_dir / "d"
    async with service(log, "--data-dir", str(data)) as server:
        async with trial("kill -9 of PostgreSQL", embedded_dsn(data), [server.address]) as load:
            for _ in range(pace.times // 2):
                os.kill(postmaster(data), signal.SIGKILL)
                await load.answers_to_new_calls(20)
        assert server.starts == 1, "PostgreSQL is brought back under the running server"


@pytest.mark.full
async def test_server_and_postgres(trial: Trial, pace: Pace, public_dir: Path, log: Path) -> None:
    data = public_dir / "d"
    async with (
        service(log, "--data-dir", str(data)) as server,
        trial("kill -9 of server and PostgreSQL", embedded_dsn(data), [server.address]) as load,
    ):
        for _ in range(pace.times // 2):
            for pid in (server.pid, postmaster(data)):
                os.kill(pid, signal.SIGKILL)
            await load.answers_to_new_calls(20)


def postmaster(data: Path) -> int:
    """Return the process id of an embedded PostgreSQL."""
    running = PidFile.read(Layout.of(data).cluster)
    assert running is not None
    return running.pid
