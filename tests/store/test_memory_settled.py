"""A hold that has ended is never taken for open again, whoever ended it and whichever way the batch went."""

import asyncio

from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import CheckResult, CommitResult, Release
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store

from tests.store.asking import adjusted, checked, committed, hold, refund, set_limit, settle, spend


async def warm(store: Store) -> None:
    """Have the account of u1 remembered."""
    await committed(store, spend(1))
    await checked(store, hold(1))


async def test_a_hold_committed_beside_a_user_never_seen_cannot_be_released(store: Store) -> None:
    await warm(store)
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await store.run_batch([settle(request.hold.id, 5), spend(1, user="never seen")])
    (outcome,) = (await store.run_batch([Release("default", request.hold.id)])).results
    assert not (await store.upkeep.verify()).findings
    assert isinstance(outcome, RequestFailed)
    assert outcome.reason == "HOLD_SETTLED"


async def test_room_is_made_once_by_a_hold_released_beside_a_new_chat(store: Store) -> None:
    await set_limit(store, 12)
    await warm(store)
    request = hold(10)
    await checked(store, request)
    assert request.hold
    release = Release("default", request.hold.id)
    await store.run_batch([release, spend(0, user="u2", chat="new")])
    await store.run_batch([release])
    assert not (await checked(store, hold(11))).decision.allowed
    assert not (await store.upkeep.verify()).findings


async def test_another_charge_on_a_hold_that_was_committed_in_company_is_late(store: Store) -> None:
    await warm(store)
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await store.run_batch([settle(request.hold.id, 5), spend(1, user="never seen")])
    result = await committed(store, settle(request.hold.id, 2, charge_id=spend(0).charge_id))
    assert result.charge.late
    assert not (await store.upkeep.verify()).findings


async def test_a_check_under_the_id_of_a_hold_committed_in_company_is_refused(store: Store) -> None:
    await warm(store)
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await store.run_batch([settle(request.hold.id, 5), spend(1, user="never seen")])
    (outcome,) = (await store.run_batch([request])).results
    assert not isinstance(outcome, CheckResult)


async def test_a_hold_settled_elsewhere_is_settled_after_its_user_was_read_again(
    store: Store, replica: Store
) -> None:
    await warm(store)
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await committed(replica, settle(request.hold.id, 5))
    await store.run_batch([spend(1), spend(1, user="never seen")])  # reads u1, but not the hold
    (outcome,) = (await store.run_batch([Release("default", request.hold.id)])).results
    assert not (await store.upkeep.verify()).findings
    assert isinstance(outcome, RequestFailed)


async def test_a_hold_settled_elsewhere_is_settled_after_a_charge_of_its_user_was_adjusted(
    store: Store, replica: Store
) -> None:
    await warm(store)
    charge = (await committed(store, spend(3))).charge
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await committed(replica, settle(request.hold.id, 5))
    await adjusted(store, refund(charge.id, 1))
    result = await committed(store, settle(request.hold.id, 2, charge_id=spend(0).charge_id))
    assert not (await store.upkeep.verify()).findings
    assert result.charge.late


async def test_a_limit_is_not_forgotten_over_a_wrong_guess_of_a_parent(store: Store, replica: Store) -> None:
    await set_limit(store, 5, TargetKind.CHAT, "other")
    await committed(replica, spend(1, user="u2", chat="child", parent="root"))
    await committed(store, spend(1, chat="other"))
    await warm(store)
    assert not (await checked(store, hold(5, chat="other"))).decision.allowed
    store._batches._locked_batches = 4  # as after another process came first
    answers = await asyncio.gather(
        store.run_batch([spend(1, chat="child")]), store.run_batch([hold(1, chat="child", parent="other")])
    )
    assert isinstance(answers[0].results[0], CommitResult)
    assert isinstance(answers[1].results[0], RequestFailed)
    store._batches._locked_batches = 0
    assert not (await checked(store, hold(5, chat="other"))).decision.allowed
