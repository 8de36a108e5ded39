"""What is decided from memory is decided at the time that the database says it is."""

from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.requests import HoldResult, Release
from almoner_server.core.terms import HoldState, Period
from almoner_server.store import SetLimit, Store, batch_book

from tests.store.asking import Sql, checked, committed, hold, limit_key, one, spend

TTL = timedelta(minutes=10)
LATER = datetime(2030, 3, 1, 0, 0, 1, tzinfo=UTC)


async def warm(store: Store) -> None:
    """Have the account of u1 remembered."""
    await committed(store, spend(1))
    await checked(store, hold(1))


async def test_a_clock_that_was_set_counts_for_what_is_remembered_from_before(store: Store) -> None:
    await warm(store)
    await store.clock.freeze(LATER)
    result = await checked(store, hold(1))
    assert result.hold_expire_time == LATER + TTL


async def test_a_hold_is_over_by_a_clock_that_was_moved_after_it_was_remembered(store: Store) -> None:
    await warm(store)
    request = hold(5)
    await checked(store, request)
    assert request.hold
    await store.clock.advance(TTL)
    ended = await one(store, Release("default", request.hold.id), HoldResult)
    assert ended.hold.state is HoldState.EXPIRED


async def test_a_process_that_was_stopped_for_an_hour_takes_the_time_from_the_database(store: Store) -> None:
    await warm(store)
    memory = store._batches._memory
    assert memory._clock is not None
    then, at = memory._clock
    memory._clock = then - timedelta(hours=1), at  # as if its machine had stood still
    result = await checked(store, hold(1))
    assert result.hold_expire_time is not None
    assert result.hold_expire_time >= then + TTL


async def test_midnight_passes_for_what_is_remembered(
    store: Store, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period in (Period.DAY, Period.LIFETIME):
        await store.limits.set(SetLimit("default", limit_key(period=period), 10))
    await warm(store)
    await committed(store, spend(4))
    await age(store, sql)
    with monkeypatch.context() as unread:
        unread.setattr(batch_book, "read_batch", None)
        decision = (await checked(store, hold(2))).decision
    assert {limit.period: (limit.spent, limit.held) for limit in decision.limits} == {
        Period.DAY: (0, 0),
        Period.LIFETIME: (5, 1),
    }
    assert not (await checked(store, hold(3))).decision.allowed  # 5 + 1 + 2 + 3 over the lifetime


async def age(store: Store, sql: Sql) -> None:
    """Make it look as if all that was spent and held so far had been so a day ago, here and in the database."""
    for account in store._batches._memory._accounts.values():
        account.day -= 1
    await sql.execute("UPDATE accounts SET day = day - 1")
