"""A hold that nobody ends is found, but only if there was somebody who should have."""

from datetime import timedelta
from uuid import UUID

import pytest
from almoner_server.store import Store

from tests.store.asking import Sql, checked, committed, hold, spend
from tests.store.planting import findings

HOLD = UUID(int=7)
OPENED = "UPDATE holds SET admit_time = now() - interval '2 hours', expire_time = now() - $1::interval"
AT_WORK = "UPDATE charges SET create_time = now() - $1::interval, occurred_at = now() - $1::interval"


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


async def an_open_hold_and_a_charge(store: Store) -> None:
    await checked(store, hold(5, hold_id=HOLD))
    await committed(store, spend(3, user="u2"))


async def overdue(store: Store) -> list[str]:
    return [words for kind, words in await findings(store) if kind == "overdue"]


async def test_a_hold_that_should_have_been_ended_is_found(store: Store, sql: Sql) -> None:
    await an_open_hold_and_a_charge(store)
    await sql.execute(AT_WORK, minutes(2))
    await sql.execute(OPENED, minutes(10))
    (words,) = await overdue(store)
    expire_time = await sql.fetchval("SELECT expire_time FROM holds")
    assert words == f"default: hold {HOLD} is open, but its time was over at {expire_time.isoformat()}"


@pytest.mark.parametrize(
    ("over", "at_work"),
    [
        pytest.param(10, 0.5, id="the authority has been at work for less than a minute"),
        pytest.param(10, 9.5, id="the authority was last at work less than a minute after"),
        pytest.param(10, 60, id="nobody has been at work since"),
        pytest.param(0.5, 0.2, id="its time has only just been over"),
        pytest.param(-5, 2, id="its time is not over"),
    ],
)
async def test_a_hold_that_nobody_could_end_is_no_difference(
    store: Store, sql: Sql, over: float, at_work: float
) -> None:
    await an_open_hold_and_a_charge(store)
    await sql.execute(AT_WORK, minutes(at_work))
    await sql.execute(OPENED, minutes(over))
    assert await overdue(store) == []


async def test_a_clock_that_a_test_sets_makes_no_difference(store: Store) -> None:
    await an_open_hold_and_a_charge(store)
    for _ in range(2):
        await store.clock.advance(timedelta(days=1))
        await committed(store, spend(1, user="u2"))
    assert await findings(store) == []


async def test_a_hold_of_another_namespace_is_found_too(store: Store, sql: Sql) -> None:
    await an_open_hold_and_a_charge(store)
    await sql.execute(AT_WORK, minutes(2))
    await sql.execute(OPENED, minutes(10))
    await sql.execute("UPDATE holds SET namespace = 'nowhere'")
    assert len(await overdue(store)) == 1
