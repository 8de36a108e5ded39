"""A migration is killed, at every step of it: the next one completes it, and callers keep what they have."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from almoner_server.store.migrate import migrations

from tests.faults.conftest import Trial
from tests.faults.load import FULL, ROOT, Pace
from tests.faults.pieces import Match, asks, binds, has_done
from tests.faults.proxy import POSTGRES, Act, Road, Trap, Way, road
from tests.faults.service import service
from tests.faults.test_cut_database import by, socket_of
from tests.support.postgres import Postgres

STEPS: dict[str, tuple[Way, Match, Act]] = {
    "the lock is taken": (Way.DOWN, has_done(binds()), Act.CUT),
    "the books are to be made": (Way.UP, asks(b"CREATE TABLE IF NOT EXISTS"), Act.CUT),
    "the migration begins": (Way.UP, asks(b"BEGIN"), Act.CUT_AFTER),
    "the migration runs": (Way.UP, asks(b"CREATE TABLE"), Act.CUT_AFTER),
    "it is to be recorded": (Way.UP, asks(b"INSERT INTO schema_migrations"), Act.CUT),
    "it is recorded": (Way.UP, asks(b"INSERT INTO schema_migrations"), Act.CUT_AFTER),
    "it is to be committed": (Way.UP, asks(b"COMMIT"), Act.CUT),
    "it is committed": (Way.DOWN, has_done(asks(b"COMMIT")), Act.CUT),
}
APPLIED = "SELECT array_agg(name ORDER BY name) FROM schema_migrations"


async def test_an_upgrade_is_killed_while_servers_serve(
    trial: Trial, pace: Pace, database: str, log: Path
) -> None:
    before = [migration.name for migration in migrations()]
    async with (
        service(log, "--database-url", database) as server,
        road(POSTGRES, socket_of(database)) as way_there,
        trial("kill -9 of a migration, at each of its steps", database, [server.address]) as load,
    ):
        for step in list(STEPS)[:: 1 if pace is FULL else 4]:
            await killed_migration(way_there, database, step)
            await load.answers(10)
        way_there.trap = None
        await migration(by(way_there, database))
        assert await fetch(database, APPLIED) == [*before, f"{len(before) + 1:04}_next_version"]
        assert await fetch(database, "SELECT count(*) FROM charges WHERE next_version = 0")


@pytest.mark.full
@pytest.mark.parametrize("step", ["the migration runs", "it is committed"])
async def test_a_server_killed_while_it_makes_the_schema_starts_again_by_itself(
    postgres: Postgres, trial: Trial, log: Path, step: str
) -> None:
    dsn = await postgres.create_database(migrated=False)
    async with (
        road(POSTGRES, socket_of(dsn)) as way_there,
        service(log, "--database-url", by(way_there, dsn), "--auto-migrate", ready=False) as server,
    ):
        set_trap(way_there, step, lambda: server.send(signal.SIGKILL))
        async with trial(f"kill -9 of a server that migrates: {step}", dsn, [server.address]):
            assert await fetch(dsn, APPLIED) == [migration.name for migration in migrations()]
        assert server.starts == 2
    await postgres.drop_database(dsn)


def set_trap(way_there: Road, step: str, kill: Callable[[], None]) -> None:
    """Have a process killed when its conversation with the database has come to a step."""

    async def then() -> None:
        kill()

    way, matches, act = STEPS[step]
    way_there.trap = Trap(way, matches, act, then=then)


async def killed_migration(way_there: Road, database: str, step: str) -> None:
    """Migrate to the next version, and be killed at a step."""
    process = await start_migration(by(way_there, database))
    set_trap(way_there, step, process.kill)
    await asyncio.wait_for(process.communicate(), 60)
    assert way_there.trap is not None
    assert way_there.trap.sprung, f"it did not come to this: {step}"
    assert process.returncode == -signal.SIGKILL


async def migration(dsn: str) -> None:
    """Migrate to the next version."""
    process = await start_migration(dsn)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, output.decode()


async def start_migration(dsn: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.planted", "next_version", "migrate", "--database-url", dsn),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
        env=dict(os.environ),
    )


async def fetch(dsn: str, statement: str) -> object:
    """Run a statement past everything, and return its first value."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
