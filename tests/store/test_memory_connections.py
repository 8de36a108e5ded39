"""A new connection may lead to another server: nothing that was remembered of the old one counts."""

from almoner_server.store import Store, StoreUnavailable

from tests.store.asking import Sql, checked, committed, hold, set_limit, spend

KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
ANOTHER_PAST = "UPDATE accounts SET counters = array_replace(counters, 5, 8)"
"""Makes the database as one would be that took over and had booked something else under the same version."""


async def again(store: Store) -> None:
    """Have the store find out that its connections are gone."""
    for _ in range(8):
        try:
            await store.clock.now()
        except StoreUnavailable:
            continue
        return


async def test_what_was_remembered_of_another_server_is_not_decided_on(store: Store, sql: Sql) -> None:
    await set_limit(store, 10)
    await committed(store, spend(5))
    await checked(store, hold(1))
    await sql.execute(ANOTHER_PAST)
    await sql.execute(KILL)
    await again(store)
    assert not (await checked(store, hold(2))).decision.allowed
    assert (await checked(store, hold(1))).decision.allowed
