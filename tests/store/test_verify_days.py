"""An account's day is one it can have come to: else its counters forget what was spent, now or at the next use."""

from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.requests import HoldResult, Release
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store import SetLimit, Store

from tests.store.asking import (
    Sql,
    adjusted,
    ask,
    checked,
    committed,
    hold,
    limit_key,
    one,
    refund,
    set_limit,
    spend,
)
from tests.store.planting import findings, planted

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 12, tzinfo=UTC)
ACCOUNTS = [(1, "u1", "USER u1"), (2, "c1", "CHAT c1"), (3, "g", "GROUP g"), (4, "", "NAMESPACE")]
A_DAY_ON = """
    UPDATE accounts SET day = day + 1, counters = ARRAY[0, 0] || counters[3:8], version = version + 1
    WHERE kind = $1 AND id = $2
"""
"""The day is over too early, and with it what was spent on it."""
A_DAY_BACK = "UPDATE accounts SET day = day - 1, version = version + 1 WHERE kind = $1 AND id = $2"
FORGETS = "UPDATE accounts SET counters = ARRAY[0, 0] || counters[3:8] WHERE kind = $1 AND id = $2"


async def some_history(store: Store) -> None:
    await store.clock.freeze(NOON)
    for kind, target in ((TargetKind.GROUP_POOL, "g"), (TargetKind.NAMESPACE_POOL, "")):
        await set_limit(store, 1000, kind, target)
    await committed(store, spend(7, groups=("g",), chat="c1"))


@pytest.mark.parametrize(("kind", "name", "account"), ACCOUNTS)
async def test_a_day_that_has_not_come_yet_is_found(
    store: Store, sql: Sql, kind: int, name: str, account: str
) -> None:
    await some_history(store)
    assert await planted(store, sql, A_DAY_ON, kind, name) == [
        (
            "day_ahead",
            f"default: {account}: day is 2026-03-12, should be 2026-03-11: nothing has happened later",
        ),
    ]


@pytest.mark.parametrize(("kind", "name", "account"), ACCOUNTS)
async def test_a_day_that_is_over_is_found_where_there_are_entries_of_the_next(
    store: Store, sql: Sql, kind: int, name: str, account: str
) -> None:
    await some_history(store)
    await planted(store, sql, A_DAY_BACK, kind, name)
    await sql.execute(FORGETS, kind, name)
    assert await findings(store) == [
        (
            "day_behind",
            f"default: {account}: day is 2026-03-10, should be 2026-03-11: it has an entry of then",
        ),
    ]


@pytest.mark.parametrize("damage", [A_DAY_ON, A_DAY_BACK])
@pytest.mark.parametrize(("kind", "name"), [account[:2] for account in ACCOUNTS])
async def test_a_repair_gives_an_account_its_day_again_and_what_was_spent_on_it(
    store: Store, sql: Sql, kind: int, name: str, damage: str
) -> None:
    await some_history(store)
    rows = "SELECT day, units, counters FROM accounts ORDER BY kind"
    before = await sql.fetch(rows)
    await planted(store, sql, damage, kind, name)
    assert await store.upkeep.repair(await store.upkeep.verify()) == 1
    assert await findings(store) == []
    assert await sql.fetch(rows) == before


async def test_what_was_spent_today_limits_again_after_a_repair(store: Store, sql: Sql) -> None:
    await some_history(store)
    await store.limits.set(SetLimit("default", limit_key(period=Period.DAY), 10))
    await planted(store, sql, A_DAY_ON, 1, "u1")
    assert (await checked(store, ask(4))).decision.allowed
    await store.upkeep.repair(await store.upkeep.verify())
    assert not (await checked(store, ask(4))).decision.allowed


async def test_a_repair_takes_no_account_back_behind_its_newest_entry(store: Store, sql: Sql) -> None:
    await store.clock.freeze(MIDNIGHT)
    await committed(store, spend(7))
    await store.clock.freeze(MIDNIGHT - timedelta(hours=1))
    await planted(store, sql, "UPDATE accounts SET counters = array_fill(0, ARRAY[8])")
    await store.upkeep.repair(await store.upkeep.verify())
    assert await findings(store) == []
    assert await sql.fetchval("SELECT day FROM accounts") == MIDNIGHT.date()


async def test_a_clock_that_goes_back_makes_no_difference(store: Store) -> None:
    await store.clock.freeze(NOON)
    request = hold(5, ttl=86400)
    await checked(store, request)
    await store.clock.freeze(MIDNIGHT)
    assert request.hold
    await one(store, Release("default", request.hold.id), HoldResult)
    await store.clock.freeze(MIDNIGHT - timedelta(hours=1))
    assert await findings(store) == []


async def test_what_comes_to_nothing_brings_no_account_to_its_day(store: Store) -> None:
    await some_history(store)
    await store.clock.freeze(MIDNIGHT)
    await committed(store, spend(0, groups=("g",), chat="c1"))
    charge = (await committed(store, spend(3, user="u2"))).charge
    await adjusted(store, refund(charge.id, 3))
    assert await findings(store) == []


async def test_the_clocks_of_replicas_may_differ_at_midnight(store: Store, sql: Sql) -> None:
    await some_history(store)
    await store.clock.freeze(MIDNIGHT - timedelta(seconds=1))
    assert await planted(store, sql, A_DAY_ON, 1, "u1") == []
