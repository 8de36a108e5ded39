"""Every table is looked at for rows that are there twice, as they can be once a constraint is lost."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from almoner_server.core.terms import TargetKind
from almoner_server.store import RaiseLimit, Store

from tests.store.asking import (
    Sql,
    adjusted,
    checked,
    committed,
    hold,
    limit_key,
    refund,
    set_limit,
    settle,
)
from tests.store.planting import planted

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOLD = uuid4()
TWICE = {
    "accounts": "accounts USER u1",
    "adjustments": "adjustments",
    "charges": f"charges {HOLD}",
    "chats": "chats c1",
    "holds": f"holds {HOLD}",
    "limit_changes": "limit_changes of revision 2",
    "limits": "limits USER u1 on usd_micros per LIFETIME",
    "namespaces": "namespaces default",
    "user_groups": "user_groups u1",
}
WITHOUT_AN_ID = {"clock", "expiries", "pool_fillings", "schema_migrations", "waiting"}
"""Tables of one process or for a while only, and a list that may name a hold twice: nothing is reckoned from them."""


async def some_rows(store: Store) -> None:
    """Put a row into every table."""
    await store.clock.freeze(NOON)
    await set_limit(store, 1000, TargetKind.USER, "u1")
    await store.groups.set("default", "u1", ("g",))
    await checked(store, hold(5, chat="c1", hold_id=HOLD))
    charge = (await committed(store, settle(HOLD, 5))).charge
    await adjusted(store, refund(charge.id, 2))


@pytest.mark.parametrize("table", TWICE)
async def test_a_row_that_is_there_twice_is_found_in_every_table(store: Store, sql: Sql, table: str) -> None:
    await some_rows(store)
    found = await planted(
        store,
        sql,
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey; INSERT INTO {table} SELECT * FROM {table} LIMIT 1",
    )
    ids = [words for kind, words in found if kind == "duplicate_id"]
    assert len(ids) == 1
    assert ids[0].startswith(f"default: {TWICE[table]}")
    assert ids[0].endswith("occurs 2 times")


async def test_a_table_that_is_new_is_looked_at_too(sql: Sql) -> None:
    tables = await sql.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    assert {table["name"] for table in tables} == TWICE.keys() | WITHOUT_AN_ID


async def test_a_top_up_that_was_carried_out_twice_is_found(store: Store, sql: Sql) -> None:
    await set_limit(store, 10, TargetKind.USER, "u1")
    key = limit_key(TargetKind.USER, "u1")
    for number in (1, 2):
        await store.limits.increase(RaiseLimit("default", key, 5, UUID(int=number)))
    found = await planted(
        store,
        sql,
        f"""
        DROP INDEX limit_changes_request;
        UPDATE limit_changes SET request_id = '{UUID(int=1)}' WHERE request_id IS NOT NULL
        """,
    )
    assert found == [
        ("duplicate_id", f"default: limit_changes of request {UUID(int=1)} occurs 2 times"),
    ]
