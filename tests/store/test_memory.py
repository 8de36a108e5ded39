"""A batch may be decided on what the process remembers, and is never wrong for it."""

from almoner_server.core.errors import RequestFailed
from almoner_server.store import Store

from tests.store.asking import Sql, checked, committed, hold, set_limit, settle, spend


async def warm(store: Store) -> None:
    """Have the account of u1 remembered."""
    await committed(store, spend(1))
    await checked(store, hold(1))


async def test_another_process_is_never_forgotten(store: Store, replica: Store) -> None:
    await set_limit(store, 22)
    await warm(store)
    await warm(replica)
    allowed = 0
    for turn in range(30):
        result = await checked((store, replica)[turn % 2], hold(1))
        allowed += result.decision.allowed
    assert allowed == 22 - 4
    assert not (await store.upkeep.verify()).findings


async def test_a_refusal_counts_what_another_process_gave_back(store: Store, replica: Store) -> None:
    await set_limit(store, 3)
    await warm(store)
    full = hold(1)
    await checked(store, full)
    assert not (await checked(store, hold(1))).decision.allowed
    assert full.hold
    await committed(replica, settle(full.hold.id, 0))
    assert (await checked(store, hold(1))).decision.allowed


async def test_a_limit_set_elsewhere_holds_at_once(store: Store, replica: Store) -> None:
    await warm(store)
    for amount in (2, 3, 2):
        await set_limit(replica, amount)
        assert (await checked(store, hold(5))).decision.limits[0].limit == amount


async def test_a_retry_of_an_allowed_check_is_allowed_when_nothing_is_left(store: Store) -> None:
    await set_limit(store, 3)
    await warm(store)
    last = hold(1)
    first = await checked(store, last)
    store._facts.holds.clear()  # as after very many other holds
    assert await checked(store, last) == first


async def test_a_retry_of_a_commit_is_told_so_by_whoever_gets_it(store: Store, replica: Store) -> None:
    await warm(store)
    charge = spend(5)
    assert not (await committed(replica, charge)).replayed
    assert (await committed(store, charge)).replayed


async def test_a_hold_that_another_process_has_settled_is_settled(store: Store, replica: Store) -> None:
    await warm(store)
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await committed(replica, settle(request.hold.id, 5))
    (outcome,) = (await store.run_batch([request])).results
    assert isinstance(outcome, RequestFailed)
    assert outcome.reason == "HOLD_SETTLED"


async def test_what_a_batch_did_before_it_was_refused_is_not_remembered(store: Store, sql: Sql) -> None:
    await warm(store)
    await sql.execute("UPDATE accounts SET version = version + 1")
    request = hold(7)
    result = await checked(store, request)
    assert result.decision.allowed
    assert not (await store.upkeep.verify()).findings
