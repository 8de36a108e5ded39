"""A pool that was closed and opened again is another one: what was remembered of the first is not decided on."""

from almoner_server.core.terms import TargetKind
from almoner_server.store import DeleteLimit, Store

from tests.store.asking import checked, committed, hold, limit_key, set_limit, spend

GROUP = ("g",)


async def test_a_pool_opened_again_elsewhere_is_read_again(store: Store, replica: Store) -> None:
    await set_limit(store, 100, TargetKind.GROUP_POOL, "g")
    await committed(store, spend(1, groups=GROUP))
    await checked(store, hold(1, groups=GROUP))
    await replica.limits.delete(DeleteLimit("default", limit_key(TargetKind.GROUP_POOL, "g")))
    await committed(replica, spend(90, user="u2", groups=GROUP))
    await set_limit(replica, 100, TargetKind.GROUP_POOL, "g")
    for _ in range(2):  # as many as the first pool had seen
        await checked(replica, hold(1, user="u2", groups=GROUP))
    await committed(store, spend(1, user="never seen"))
    await checked(store, hold(1))  # u1, but not its pool
    assert not (await checked(store, hold(50, groups=GROUP))).decision.allowed
    assert not (await store.upkeep.verify()).findings
