"""What a batch would have written, had it not failed, is not remembered either."""

from collections.abc import AsyncIterator

import pytest
from almoner_server.core.requests import CommitResult, HoldResult, Release
from almoner_server.core.terms import HoldState
from almoner_server.store import Store, StoreOptions, StoreUnavailable

from tests.store.asking import Sql, checked, committed, hold, one, set_limit, settle, spend, status

LOCK = "SELECT 1 FROM accounts FOR UPDATE"


@pytest.fixture
async def impatient(database: str) -> AsyncIterator[Store]:
    """Open a store that waits for no lock."""
    store = await Store.open(database, StoreOptions(lock_timeout=0.05))
    yield store
    await store.close()


async def warm(store: Store, user: str = "u1") -> None:
    """Have the account of a user remembered."""
    await committed(store, spend(1, user=user))
    await checked(store, hold(1, user=user))


async def test_a_request_the_database_refuses_leaves_its_known_neighbours_counted_once(store: Store) -> None:
    await warm(store)
    await warm(store, "rich")
    poison = spend(2**63 - 1, user="rich")
    results = (await store.run_batch([spend(2), poison, spend(3)])).results
    assert [isinstance(result, CommitResult) for result in results] == [True, False, True]
    await committed(store, spend(4))
    assert (await status(store, user="u1")).accounts[0].usages[-1].spent == 1 + 2 + 3 + 4
    assert not (await store.upkeep.verify()).findings


async def test_a_charge_that_was_not_written_takes_no_room(impatient: Store, sql: Sql) -> None:
    await set_limit(impatient, 10)
    await warm(impatient)
    async with sql.transaction():
        await sql.execute(LOCK)
        with pytest.raises(StoreUnavailable):
            await impatient.run_batch([spend(8)])
    assert (await checked(impatient, hold(8))).decision.allowed
    assert not (await impatient.upkeep.verify()).findings


async def test_a_hold_whose_commit_was_not_written_is_open(impatient: Store, sql: Sql) -> None:
    await warm(impatient)
    request = hold(5)
    await checked(impatient, request)
    assert request.hold
    async with sql.transaction():
        await sql.execute(LOCK)
        with pytest.raises(StoreUnavailable):
            await impatient.run_batch([settle(request.hold.id, 5)])
    await committed(impatient, spend(1))
    released = await one(impatient, Release("default", request.hold.id), HoldResult)
    assert released.hold.state is HoldState.RELEASED
    assert not (await impatient.upkeep.verify()).findings
