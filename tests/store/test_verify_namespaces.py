"""Rows of a namespace that does not exist are found: no call reaches them, and no loop ends their holds."""

from datetime import UTC, datetime

import pytest
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store

from tests.store.asking import Sql, adjusted, checked, committed, hold, refund, set_limit, spend
from tests.store.planting import findings, planted

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
TABLES = (
    "accounts",
    "adjustments",
    "charges",
    "chats",
    "expiries",
    "holds",
    "limit_changes",
    "limits",
    "user_groups",
)


async def some_rows(store: Store) -> None:
    """Put a row into every table."""
    await store.clock.freeze(NOON)
    await set_limit(store, 1000, TargetKind.USER, "u1")
    await store.groups.set("default", "u1", ("g",))
    await checked(store, hold(5))
    charge = (await committed(store, spend(5, chat="c1"))).charge
    await adjusted(store, refund(charge.id, 2))


@pytest.mark.parametrize("table", TABLES)
async def test_rows_of_a_namespace_that_does_not_exist_are_found(store: Store, sql: Sql, table: str) -> None:
    await some_rows(store)
    found = await planted(store, sql, f"UPDATE {table} SET namespace = 'nowhere'")
    count = await sql.fetchval(f"SELECT count(*) FROM {table}")
    words = f"nowhere: {table} has rows of a namespace that does not exist ({count} of them)"
    assert ("unknown_namespace", words) in found


async def test_they_are_found_also_if_all_went_there_together(store: Store, sql: Sql) -> None:
    await some_rows(store)
    for table in TABLES:
        await sql.execute(f"UPDATE {table} SET namespace = 'nowhere'")
    assert [kind for kind, _ in await findings(store)] == ["unknown_namespace"] * len(TABLES)
