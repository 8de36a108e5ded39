"""A repair of what was found a while ago, when the pool it is about has gone and comes back just now."""

import asyncio

from almoner_server.store import DeleteLimit, Store

from tests.store.asking import Sql, committed, limit_key, set_limit, spend
from tests.store.test_pools import GROUP, Paused, paused

__all__ = ["paused"]


async def test_a_repair_leaves_a_pool_alone_that_is_being_filled_anew(
    store: Store, paused: Paused, sql: Sql
) -> None:
    await committed(store, spend(5, groups=("g",)))
    paused.go_on.set()
    await set_limit(store, 10, *GROUP)
    await sql.execute("UPDATE accounts SET counters[7] = 99, version = version + 1 WHERE kind = 3")
    report = await store.upkeep.verify()
    await store.limits.delete(DeleteLimit("default", limit_key(*GROUP)))
    paused.summed.clear()
    paused.go_on.clear()
    change = asyncio.create_task(set_limit(store, 10, *GROUP))
    await paused.summed.wait()
    await store.upkeep.repair(report)
    paused.go_on.set()
    await change
    assert not (await store.upkeep.verify()).findings
