"""A hold whose terms were changed elsewhere, though none of its sums, is read again."""

from datetime import timedelta

from almoner_server.core.requests import Extend, HoldResult
from almoner_server.store import Store

from tests.store.asking import checked, committed, hold, one, settle, spend


async def test_a_time_to_live_that_another_process_has_shortened_is_over(
    store: Store, replica: Store
) -> None:
    await committed(store, spend(1))
    request = hold(5, ttl=600)
    await checked(store, request)
    await checked(store, hold(1))
    assert request.hold
    await one(replica, Extend("default", request.hold.id, {}, timedelta(0)), HoldResult)
    assert (await committed(store, settle(request.hold.id, 5))).charge.late
    assert not (await store.upkeep.verify()).findings
