"""A database that is away is an outage that callers are told of, and over as soon as it is back."""

import asyncio

import pytest
from almoner_server.store import Store, StoreOptions, StoreUnavailable

from tests.store.asking import Sql, checked, hold, set_limit, status
from tests.support.locks import until_blocked

KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_no_server_there_is_an_outage() -> None:
    with pytest.raises(StoreUnavailable):
        await Store.open("postgresql://almoner@127.0.0.1:1/almoner", StoreOptions(connect_timeout=2))


async def test_a_connection_killed_between_two_batches_is_replaced(store: Store, sql: Sql) -> None:
    await checked(store, hold(1))
    await sql.execute(KILL)
    for _ in range(3):
        try:
            assert (await checked(store, hold(1))).decision.allowed
        except StoreUnavailable:
            continue
        break
    else:
        pytest.fail("the store did not come back")


async def test_a_connection_killed_in_a_batch_is_an_outage_and_the_same_batch_again_is_safe(
    store: Store, sql: Sql, database: str
) -> None:
    request = hold(1)
    await checked(store, hold(1))
    async with sql.transaction():
        await sql.execute("SELECT 1 FROM accounts FOR UPDATE")
        batch = asyncio.create_task(store.run_batch([request]))
        await until_blocked(database)
        await sql.execute(KILL)
        with pytest.raises(StoreUnavailable):
            await batch
    assert (await checked(store, request)).decision.allowed
    assert (await status(store, user="u1")).accounts[0].open_holds == 2


async def test_a_cancelled_call_gives_its_connection_and_its_locks_back(
    store: Store, sql: Sql, database: str
) -> None:
    small = await Store.open(database, StoreOptions(pool_size=1))
    try:
        await checked(small, hold(1))
        async with sql.transaction():
            await sql.execute("SELECT 1 FROM accounts FOR UPDATE")
            request = hold(1)
            batch = asyncio.create_task(small.run_batch([request]))
            await until_blocked(database)
            batch.cancel()
            with pytest.raises(asyncio.CancelledError):
                await batch
        assert (
            await asyncio.wait_for(checked(small, request), 5)
        ).decision.allowed  # carried out or not, once
        assert (await status(small, user="u1")).accounts[0].open_holds == 2
    finally:
        await small.close()


async def test_without_prepared_statements_everything_works_as_behind_a_pooler(database: str) -> None:
    pooled = await Store.open(database, StoreOptions(statement_cache_size=0))
    try:
        await set_limit(pooled, 5)
        assert (await checked(pooled, hold(5))).decision.allowed
        assert not (await checked(pooled, hold(1))).decision.allowed
        assert not (await pooled.upkeep.verify()).findings
    finally:
        await pooled.close()
