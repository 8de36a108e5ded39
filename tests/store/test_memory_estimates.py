"""A hold that ended by its time is read again, with the estimate that was booked for it."""

from almoner_server.core.requests import Expire, HoldResult
from almoner_server.core.terms import ExpiryAction
from almoner_server.store import Store

from tests.store.asking import checked, committed, hold, one, settle, spend, status


async def warm(store: Store) -> None:
    """Have the account of u1 remembered."""
    await committed(store, spend(1))
    await checked(store, hold(1))


async def test_an_estimate_booked_from_memory_gives_way_to_the_real_cost(store: Store) -> None:
    await warm(store)
    request = hold(5, ttl=0, on_expiry=ExpiryAction.CHARGE)
    await checked(store, request)
    assert request.hold
    await one(store, Expire("default", request.hold.id), HoldResult)
    assert (await status(store, user="u1")).accounts[0].usages[-1].spent == 1 + 5
    assert (await committed(store, settle(request.hold.id, 3))).charge.late
    assert (await status(store, user="u1")).accounts[0].usages[-1].spent == 1 + 3
    assert not (await store.upkeep.verify()).findings
