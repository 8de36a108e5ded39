"""A PostgreSQL that dies or stays away: what was asked is done once; who cannot be served hears it soon."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from almoner_server.core.requests import CommitResult
from almoner_server.embedded import EmbeddedPostgres
from almoner_server.engine import EngineOptions
from almoner_server.store import Store, StoreUnavailable

from tests.engine.eventually import eventually
from tests.engine.replica import Replica, allowed, busy, limit_user, replica
from tests.engine.requests import charge, check, release

LONG = timedelta(seconds=30)
WAIT_SECONDS = 30


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL's own user may enter, unlike tmp_path."""
    path = Path(tempfile.mkdtemp(prefix="almoner-test-"))
    path.chmod(0o755)
    yield path / "data"
    shutil.rmtree(path)


@asynccontextmanager
async def database_of_its_own(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Run PostgreSQL, started again when it dies, with the schema in it."""
    async with EmbeddedPostgres(folder) as postgres:
        store = await Store.open(postgres.dsn)
        await store.migrate()
        await store.close()
        yield postgres


async def charge_one_after_another(here: Replica, user: str, until: asyncio.Event) -> int:
    """Book charges of 1; return how many were acknowledged. None may fail and none may be a replay."""
    booked = 0
    while not until.is_set():
        result = await here.engine.submit(charge(user))
        assert isinstance(result, CommitResult)
        assert not result.replayed
        booked += 1
    return booked


async def test_a_database_killed_under_load_costs_no_charge_and_no_error(folder: Path) -> None:
    patient = EngineOptions(retry_seconds=WAIT_SECONDS)
    async with database_of_its_own(folder) as postgres, replica(postgres.dsn, patient) as here:
        enough = asyncio.Event()
        callers = [asyncio.create_task(charge_one_after_another(here, f"u{n}", enough)) for n in range(20)]
        await asyncio.sleep(0.3)
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        await eventually(lambda: postgres.restarts == 1, WAIT_SECONDS)
        await asyncio.wait_for(here.engine.submit(charge("last")), WAIT_SECONDS)
        enough.set()
        booked = sum(await asyncio.gather(*callers)) + 1
        report = await here.store.upkeep.verify()
        assert (report.charges, report.findings) == (booked, ())


async def test_while_the_database_is_away_calls_fail_soon_and_then_at_once(folder: Path) -> None:
    impatient = EngineOptions(retry_seconds=0.3, probe_seconds=0.05)
    async with database_of_its_own(folder) as postgres, replica(postgres.dsn, impatient) as here:
        await limit_user(here.store, "u1", 1)
        hold = uuid4()
        assert allowed(await here.engine.check(check("u1", hold=hold)))
        await postgres.stop()

        outcomes = await asyncio.wait_for(here.engine.submit_many([check("u1"), check("u2")]), 2)
        assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        assert not here.engine.available
        begun = time.monotonic()
        for _ in range(100):
            with pytest.raises(StoreUnavailable):
                await here.engine.submit(check("u1"))
        assert time.monotonic() - begun < 0.1

        async with EmbeddedPostgres(folder):
            await eventually(lambda: here.engine.available, WAIT_SECONDS)
            assert busy(await here.engine.check(check("u1")))
            await here.engine.submit(release(hold))
            assert allowed(await here.engine.check(check("u1")))


@asynccontextmanager
async def stopped(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """Stop the processes that serve clients or accept them: nothing closes and nothing answers."""
    assert postgres.pid is not None
    connection = await asyncpg.connect(postgres.dsn)
    rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
    await connection.close()
    pids = [postgres.pid, *(row["pid"] for row in rows)]
    for pid in pids:
        with suppress(ProcessLookupError):  # the one that was asked
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


async def test_a_database_that_falls_silent_counts_as_away(folder: Path) -> None:
    impatient = EngineOptions(retry_seconds=0.3, probe_seconds=0.05)
    async with database_of_its_own(folder) as postgres, replica(postgres.dsn, impatient) as here:
        request = check("u1")
        assert allowed(await here.engine.check(request))
        async with stopped(postgres):
            with pytest.raises(StoreUnavailable):
                await asyncio.wait_for(here.engine.submit(check("u1")), 6)
            assert not here.engine.available
        await eventually(lambda: here.engine.available, WAIT_SECONDS)
        assert allowed(await here.engine.check(request))


async def test_a_database_that_is_merely_slow_does_not(folder: Path) -> None:
    impatient = EngineOptions(retry_seconds=0.1, probe_seconds=0.05)
    async with database_of_its_own(folder) as postgres, replica(postgres.dsn, impatient) as here:
        blocker = await asyncpg.connect(postgres.dsn)
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
            slow = asyncio.create_task(here.engine.check(check("u1")))
            await asyncio.wait([slow], timeout=1)
            assert not slow.done()
            assert here.engine.available
        assert allowed(await slow)
        await blocker.close()


async def test_those_who_wait_hear_of_an_outage_and_the_loops_outlive_it(folder: Path) -> None:
    impatient = EngineOptions(retry_seconds=0.3, probe_seconds=0.05)
    async with database_of_its_own(folder) as postgres, replica(postgres.dsn, impatient) as here:
        await limit_user(here.store, "u1", 1)
        hold = uuid4()
        await here.engine.check(check("u1", hold=hold))
        waiters = [asyncio.create_task(here.engine.check(check("u1"), LONG)) for _ in range(500)]
        await eventually(lambda: here.engine.waiting == len(waiters))
        await postgres.stop()
        outcomes = await asyncio.wait_for(asyncio.gather(*waiters, return_exceptions=True), 10)
        assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        assert here.engine.waiting == 0

        async with EmbeddedPostgres(folder), replica(postgres.dsn) as there:
            await eventually(lambda: here.engine.available, WAIT_SECONDS)
            waiter = asyncio.create_task(here.engine.check(check("u1"), LONG))
            await eventually(lambda: here.engine.waiting == 1)
            await there.engine.submit(release(hold))
            assert allowed(await asyncio.wait_for(waiter, 5))
