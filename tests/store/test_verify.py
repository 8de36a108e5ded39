"""Verify finds each planted corruption and says what is wrong, and repairs what follows from the ledger."""

from datetime import timedelta

import pytest
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store

from tests.store.asking import Sql, committed, set_limit, spend
from tests.store.corruptions import BEYOND_REPAIR, CORRUPTIONS, REPAIRED, some_history


@pytest.mark.parametrize("corruption", CORRUPTIONS)
async def test_a_planted_corruption_is_found_and_told_in_words(
    store: Store, sql: Sql, corruption: str
) -> None:
    statement, kind, words = CORRUPTIONS[corruption]
    await some_history(store)
    assert not (await store.upkeep.verify()).findings
    await sql.execute(statement)
    found = [(finding.kind, str(finding)) for finding in (await store.upkeep.verify()).findings]
    assert any(finding == kind and words in message for finding, message in found), found


@pytest.mark.parametrize("corruption", REPAIRED)
async def test_what_follows_from_the_ledger_is_repaired(store: Store, sql: Sql, corruption: str) -> None:
    await some_history(store)
    await sql.execute(CORRUPTIONS[corruption][0])
    assert await store.upkeep.repair(await store.upkeep.verify()) > 0
    assert not (await store.upkeep.verify()).findings


@pytest.mark.parametrize("corruption", BEYOND_REPAIR)
async def test_what_is_beyond_repair_is_left_alone_and_told_again(
    store: Store, sql: Sql, corruption: str
) -> None:
    statement, kind, _ = CORRUPTIONS[corruption]
    await some_history(store)
    rows = "SELECT (SELECT array_agg(t ORDER BY t) FROM {0} AS t)::text"
    await sql.execute(statement)
    before = [await sql.fetchval(rows.format(table)) for table in ("charges", "holds", "chats")]
    await store.upkeep.repair(await store.upkeep.verify())
    left = (await store.upkeep.verify()).findings
    assert kind in {finding.kind for finding in left}
    assert {finding.account for finding in left} == {None}
    assert [await sql.fetchval(rows.format(table)) for table in ("charges", "holds", "chats")] == before


async def test_the_row_of_a_pool_that_is_limited_no_more_is_removed(store: Store, sql: Sql) -> None:
    await some_history(store)
    await sql.execute("DELETE FROM limits WHERE target_kind = 5; DELETE FROM limit_changes")
    await store.upkeep.repair(await store.upkeep.verify())
    assert not (await store.upkeep.verify()).findings
    await set_limit(store, 1000, TargetKind.GROUP_POOL, "g")
    assert not (await store.upkeep.verify()).findings


async def test_a_repair_judges_accounts_nobody_has_used_for_long_by_their_own_day(
    store: Store, sql: Sql
) -> None:
    await some_history(store)
    await store.clock.advance(timedelta(days=4))
    await committed(store, spend(1, user="u1"))
    await sql.execute("UPDATE accounts SET counters = array_fill(99, ARRAY[cardinality(counters)])")
    await store.upkeep.repair(await store.upkeep.verify())
    assert not (await store.upkeep.verify()).findings


async def test_accounts_nobody_has_used_for_long_are_judged_by_their_own_day(store: Store) -> None:
    await some_history(store)
    for days in (1, 4, 25, 400):
        await store.clock.advance(timedelta(days=days))
        await committed(store, spend(1, user=f"u{days}"))
        assert not (await store.upkeep.verify()).findings
