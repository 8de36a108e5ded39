"""The rules that a batch was planned with are those that it is decided by, or it begins again."""

import asyncio

from almoner_server.core.requests import CheckResult
from almoner_server.store import Store

from tests.store.asking import checked, committed, hold, set_limit, spend


async def test_a_limit_is_in_force_for_a_batch_that_waited_its_turn_while_it_was_read(
    store: Store, replica: Store
) -> None:
    await committed(store, spend(1))
    await checked(store, hold(1))
    await set_limit(replica, 5)
    store._batches._locked_batches = (
        1  # the first of them reads the new limit, the other was planned without it
    )
    _, second = await asyncio.gather(store.run_batch([hold(1)]), store.run_batch([hold(5)]))
    (result,) = second.results
    assert isinstance(result, CheckResult)
    assert not result.decision.allowed
