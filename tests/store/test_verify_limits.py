"""A limit is what its history says, in amount and in time."""

from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.terms import TargetKind
from almoner_server.store import DeleteLimit, SetLimit, Store

from tests.store.asking import Sql, limit_key
from tests.store.planting import findings, planted

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
KEY = limit_key(TargetKind.USER, "u1")
LIMIT = "default: limit of USER u1 on usd_micros per LIFETIME"
CORRUPTIONS = {
    "another amount": (
        "UPDATE limits SET amount = 7",
        "limit_differs",
        f"{LIMIT} is 7 until 2026-03-12T12:00:00+00:00, should be 5 until 2026-03-12T12:00:00+00:00",
    ),
    "another end": (
        "UPDATE limits SET expire_time = expire_time + interval '1 hour'",
        "limit_differs",
        f"{LIMIT} is 5 until 2026-03-12T13:00:00+00:00, should be 5 until 2026-03-12T12:00:00+00:00",
    ),
    "no end": (
        "UPDATE limits SET expire_time = NULL",
        "limit_differs",
        f"{LIMIT} is 5, should be 5 until 2026-03-12T12:00:00+00:00 by its last change",
    ),
    "no amount": (
        "UPDATE limits SET amount = NULL, expire_time = NULL",
        "limit_differs",
        f"{LIMIT} is UNLIMITED, should be 5 until 2026-03-12T12:00:00+00:00 by its last change",
    ),
    "no history": (
        "DELETE FROM limit_changes",
        "limit_without_change",
        f"{LIMIT} is 5 until 2026-03-12T12:00:00+00:00, but no change in its history has set it",
    ),
    "a history that ends with its deletion": (
        "UPDATE limit_changes SET after = NULL",
        "limit_without_change",
        f"{LIMIT} is 5 until 2026-03-12T12:00:00+00:00, but no change in its history has set it",
    ),
}


async def an_override(store: Store) -> None:
    await store.clock.freeze(NOON)
    await store.limits.set(SetLimit("default", KEY, 3))
    await store.limits.set(SetLimit("default", KEY, 5, TOMORROW))


@pytest.mark.parametrize("corruption", CORRUPTIONS)
async def test_a_limit_that_is_unlike_its_last_change_is_found(
    store: Store, sql: Sql, corruption: str
) -> None:
    statement, kind, words = CORRUPTIONS[corruption]
    await an_override(store)
    ((found, message),) = await planted(store, sql, statement)
    assert (found, message.startswith(words)) == (kind, True), message


async def test_a_limit_that_is_gone_is_found(store: Store, sql: Sql) -> None:
    await store.limits.set(SetLimit("default", KEY, 5))
    words = f"{LIMIT} is not there, should be 5 by its last change"
    assert await planted(store, sql, "DELETE FROM limits") == [("limit_missing", words)]


async def test_an_override_that_is_gone_before_its_time_is_found(store: Store, sql: Sql) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    await store.limits.set(SetLimit("default", KEY, 5, end))
    words = f"{LIMIT} is not there, should be 5 until {end.isoformat()} by its last change"
    assert await planted(store, sql, "DELETE FROM limits") == [("limit_missing", words)]


async def test_an_override_may_have_been_forgotten_before_a_test_set_the_clock_back(store: Store) -> None:
    await an_override(store)
    await store.clock.advance(timedelta(days=30))
    assert await store.upkeep.prune() == 1
    await store.clock.freeze(NOON)
    assert await findings(store) == []


async def test_an_override_may_be_over_and_forgotten(store: Store) -> None:
    await an_override(store)
    for days in (1, 30):
        await store.clock.advance(timedelta(days=days))
        await store.upkeep.prune()
        assert await findings(store) == []
    await store.limits.set(SetLimit("default", KEY, 9))
    await store.limits.delete(DeleteLimit("default", KEY))
    assert await findings(store) == []
