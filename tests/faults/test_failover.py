"""The primary is lost and its synchronous standby takes over: what was answered is there too."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from almoner_server.store import StoreOptions
from almoner_server.store.migrate import migrate

from tests.faults.clusters import Cluster, binaries_with
from tests.faults.conftest import Trial
from tests.faults.service import service

IN_SYNC = "SELECT bool_or(sync_state = 'sync') FROM pg_stat_replication"


@pytest.fixture
async def pair(public_dir: Path) -> AsyncIterator[tuple[Cluster, Cluster]]:
    """Run a primary that answers no commit before its standby has it on disk."""
    binaries = binaries_with("pg_basebackup")
    if binaries is None:
        pytest.skip("no PostgreSQL here has pg_basebackup")
    primary, standby = Cluster(public_dir / "p", binaries), Cluster(public_dir / "s", binaries)
    try:
        primary.make()
        primary.start()
        await primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        standby.copy(primary)
        standby.start(synchronous_standby_names="")  # as the new primary it is alone
        await standby.execute("SELECT 1")
        await primary.execute("SELECT pg_reload_conf()")
        while not await primary.execute(IN_SYNC):  # noqa: ASYNC110 - the primary alone knows
            await asyncio.sleep(0.05)
        yield primary, standby
    finally:
        primary.stop()
        standby.stop()


async def test_the_primary_is_killed_and_its_standby_promoted(
    trial: Trial, pair: tuple[Cluster, Cluster], log: Path
) -> None:
    primary, standby = pair
    dsn = f"postgresql://postgres@{primary.address},{standby.address}/postgres?target_session_attrs=primary"
    await migrate(dsn, StoreOptions())
    async with service(log, "--database-url", dsn) as server:
        async with trial("primary killed, synchronous standby promoted", dsn, [server.address]):
            primary.kill()
            await standby.execute("SELECT pg_promote()")
        assert server.starts == 1
