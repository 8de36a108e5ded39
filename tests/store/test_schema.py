"""The schema keeps the rules that a sharded successor would need, and those that keep the hot path cheap."""

import re

from almoner_server.store.queries import SQL, query

from tests.store.asking import Sql

OF_A_PROCESS = {"waiting", "clock", "schema_migrations"}
"""Tables that are not about any namespace."""


INDEXES = """
    SELECT table_class.relname AS name, index_class.relname AS index, attribute.attname AS first
    FROM pg_index
    JOIN pg_class AS index_class ON index_class.oid = indexrelid
    JOIN pg_class AS table_class ON table_class.oid = indrelid
    JOIN pg_namespace ON pg_namespace.oid = table_class.relnamespace AND nspname = 'public'
    JOIN pg_attribute AS attribute ON attribute.attrelid = indrelid AND attribute.attnum = indkey[0]
"""


async def test_the_namespace_comes_first_in_every_key(sql: Sql) -> None:
    firsts = {(row["name"], row["index"]): row["first"] for row in await sql.fetch(INDEXES)}
    assert len(firsts) > 15
    for (table, index), first in firsts.items():
        wanted = "name" if table == "namespaces" else "namespace"
        assert table in OF_A_PROCESS or first == wanted, index


async def test_nothing_is_numbered_and_nothing_refers_by_foreign_key(sql: Sql) -> None:
    assert await sql.fetchval("SELECT count(*) FROM pg_class WHERE relkind = 'S'") == 0
    assert await sql.fetchval("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == 0


async def test_no_column_that_a_batch_changes_of_an_account_is_indexed(sql: Sql) -> None:
    names = await sql.fetchval(
        "SELECT array_agg(DISTINCT attname) FROM pg_index JOIN pg_attribute ON attrelid = indrelid"
        " AND attnum = ANY(indkey) WHERE indrelid = 'accounts'::regclass"
    )
    assert sorted(names) == ["id", "kind", "namespace"]


async def test_no_column_that_a_batch_changes_of_a_hold_is_indexed_or_in_a_condition_of_an_index(
    sql: Sql,
) -> None:
    indexes = await sql.fetch(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'holds'::regclass"
    )
    used = {word for (text,) in indexes for word in re.findall(r"\w+", text)}
    assert used & {"namespace", "id", "user_id", "chain", "admit_time"}
    assert not used & {"held", "spent", "state", "expire_time", "settle_time"}


def test_advisory_locks_and_notifications_stay_behind_their_seam() -> None:
    known = {"try_migration_lock", "notify", "notify_waiting"}
    users = {
        path.stem
        for path in SQL.glob("*.sql")
        if re.search(r"advisory|notify", path.read_text(), re.IGNORECASE)
    }
    assert users == known


def test_every_statement_names_the_namespace() -> None:
    without = {path.stem for path in SQL.glob("*.sql") if not re.search(r"\bnamespaces?\b", query(path.stem))}
    assert without == {
        "advance_clock",
        "announce_waiting",
        "applied_migrations",
        "create_schema_migrations",
        "end_unheard",
        "freeze_clock",
        "notify",
        "notify_waiting",
        "now",
        "record_migration",
        "reset_clock",
        "try_migration_lock",
        "verify_totals",
        "withdraw_waiting",
    }
