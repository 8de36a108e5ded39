"""Every open hold is found when its time has come, however its time was moved, and nothing is looked at for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from almoner_server.core.requests import Extend, HoldResult, Release
from almoner_server.store import NamespaceSettings, Store

from tests.store.asking import USD, Sql, checked, committed, hold, one, settle
from tests.store.planting import findings, planted

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOLD, OTHER = UUID(int=7), UUID(int=8)
HOT = (
    "SELECT pg_stat_get_tuples_hot_updated('holds'::regclass), pg_stat_get_tuples_updated('holds'::regclass)"
)


async def due(store: Store) -> list[UUID]:
    """Return the holds that are due, which takes what is done with off the list."""
    return [expire.hold_id for expire in (await store.upkeep.holds_due()).requests]


async def listed(sql: Sql) -> int:
    """Count the rows of the list."""
    return int(await sql.fetchval("SELECT count(*) FROM expiries"))


async def extend(store: Store, seconds: float) -> None:
    await one(store, Extend("default", HOLD, {}, timedelta(seconds=seconds)), HoldResult)


async def test_a_batch_is_listed_until_the_last_of_its_holds_has_ended(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    await store.run_batch([hold(1, hold_id=HOLD), hold(1, hold_id=OTHER)])
    assert await listed(sql) == 1
    await committed(store, settle(HOLD, 1))
    await store.clock.advance(timedelta(minutes=10))
    assert await due(store) == [OTHER]
    assert await due(store) == [OTHER]  # who looked may have crashed
    await one(store, Release("default", OTHER), HoldResult)
    assert (await due(store), await listed(sql)) == ([], 0)


async def test_holds_that_ended_in_time_are_passed_over(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(1, hold_id=HOLD))
    await committed(store, settle(HOLD, 1))
    assert (await due(store), await listed(sql)) == ([], 1)
    await store.clock.advance(timedelta(minutes=10))
    assert (await due(store), await listed(sql)) == ([], 0)


async def test_an_extended_hold_is_due_at_its_new_time_only(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(1, hold_id=HOLD, ttl=60))
    await store.clock.advance(timedelta(seconds=50))
    await extend(store, 60)
    await store.clock.advance(timedelta(seconds=59))
    assert (await due(store), await listed(sql)) == ([], 1)
    await store.clock.advance(timedelta(seconds=1))
    assert await due(store) == [HOLD]


async def test_a_hold_whose_time_was_cut_is_due_earlier(store: Store) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(1, hold_id=HOLD, ttl=600))
    await extend(store, 5)
    await store.clock.advance(timedelta(seconds=5))
    assert await due(store) == [HOLD]


async def test_a_hold_made_and_extended_in_one_batch_is_due_at_its_new_time(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    await store.run_batch([hold(1, hold_id=HOLD, ttl=60), Extend("default", HOLD, {}, timedelta(seconds=90))])
    await store.clock.advance(timedelta(seconds=60))
    assert (await due(store), await listed(sql)) == ([], 1)
    await store.clock.advance(timedelta(seconds=30))
    assert await due(store) == [HOLD]
    assert await findings(store) == []


async def test_one_look_takes_so_many_rows_of_each_namespace(store: Store) -> None:
    await store.clock.freeze(NOON)
    await store.namespaces.create(NamespaceSettings("n", (USD,)))
    for _ in range(3):
        await store.run_batch([hold(1), hold(1), hold(1, namespace="n")])
        await store.clock.advance(timedelta(seconds=1))
    await store.clock.advance(timedelta(minutes=10))
    looks = [await store.upkeep.holds_due(rows) for rows in (1, 2, 3, 4)]
    assert [(len(look.requests), look.more) for look in looks] == [
        (3, True),
        (6, True),
        (9, True),
        (9, False),
    ]


async def test_one_look_takes_so_many_holds_and_every_namespace_has_its_turn(store: Store) -> None:
    await store.clock.freeze(NOON)
    await store.namespaces.create(NamespaceSettings("n", (USD,)))
    for size in (10, 10, 10):
        await store.run_batch([hold(1) for _ in range(size)])
        await store.clock.advance(timedelta(seconds=1))
    await store.run_batch([hold(1, namespace="n")])
    await store.clock.advance(timedelta(minutes=10))
    looks = [await store.upkeep.holds_due(holds=holds) for holds in (1, 11, 12, 22, 31, 32)]
    assert [(len(look.requests), look.more) for look in looks] == [
        (10, True),
        (11, True),
        (21, True),
        (31, False),
        (31, False),
        (31, False),
    ]
    assert [expire.namespace for expire in looks[1].requests].count("n") == 1


async def test_a_hold_that_is_due_in_two_rows_is_found_once(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(1, hold_id=HOLD, ttl=60))
    await extend(store, 90)
    await store.clock.advance(timedelta(seconds=90))
    assert await due(store) == [HOLD]
    assert await listed(sql) == 2


async def test_what_has_ended_goes_from_a_row_whose_other_holds_have_not(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    await store.run_batch([hold(1, hold_id=HOLD), hold(1, hold_id=OTHER), hold(1)])
    await committed(store, settle(HOLD, 1))
    await store.clock.advance(timedelta(minutes=10))
    left = sorted(await due(store))
    assert sorted(await sql.fetchval("SELECT hold_ids FROM expiries")) == left
    assert (len(left), OTHER in left, HOLD in left) == (2, True, False)


async def test_a_look_reads_the_clock_once(store: Store, sql: Sql) -> None:
    """Read again, and earlier, a hold would not be due any more that is listed in no other row."""
    await sql.execute(
        """
        CREATE SEQUENCE looks;
        CREATE OR REPLACE FUNCTION almoner_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT now() + interval '1 hour' / nextval('looks') $$
        """
    )
    await sql.execute("SELECT setval('looks', 100000)")
    await checked(store, hold(1, hold_id=HOLD, ttl=2700))
    await sql.execute("SELECT setval('looks', 1, false)")
    assert await due(store) == [HOLD]
    assert await listed(sql) == 1


async def test_a_row_that_another_process_is_changing_is_left_to_it(
    store: Store, sql: Sql, database: str
) -> None:
    await store.clock.freeze(NOON)
    await checked(store, hold(1, hold_id=HOLD))
    await store.clock.advance(timedelta(minutes=10))
    other = await asyncpg.connect(database)
    async with other.transaction():
        await other.execute("SELECT 1 FROM expiries FOR UPDATE")
        assert await due(store) == [HOLD]
        await one(store, Release("default", HOLD), HoldResult)
        async with asyncio.timeout(2):
            assert (await due(store), await listed(sql)) == ([], 1)
    await other.close()
    assert (await due(store), await listed(sql)) == ([], 0)


async def test_a_hold_that_was_over_when_it_was_made_is_not_listed(store: Store, sql: Sql) -> None:
    commit = settle(HOLD, 5)._replace(user="u1")
    await committed(store, commit)
    assert await sql.fetchval("SELECT count(*) FROM holds") == 1
    assert await listed(sql) == 0


async def test_a_failed_batch_lists_nothing(store: Store, sql: Sql) -> None:
    await sql.execute("ALTER TABLE holds ADD CHECK (user_id <> 'u1')")
    await store.run_batch([hold(1)])
    assert await listed(sql) == 0


async def test_settling_holds_adds_nothing_to_an_index(store: Store, sql: Sql) -> None:
    """A page has room for each of its rows once more, also for those that one batch settles."""
    requests = [hold(1, user=f"u{number}") for number in range(200)]
    await store.run_batch(requests)
    before = await sql.fetchrow(HOT)
    await store.run_batch([settle(request.hold.id, 1) for request in requests if request.hold])
    await store.close()  # which tells the statistics
    after = await sql.fetchrow(HOT)
    assert before
    assert after
    assert after[1] - before[1] == 200
    assert after[0] - before[0] >= 180


@pytest.mark.parametrize("extended", [False, True])
async def test_a_hold_that_is_not_listed_is_found_and_listed_again(
    store: Store, sql: Sql, extended: bool
) -> None:
    await checked(store, hold(1, hold_id=HOLD))
    await checked(store, hold(1, hold_id=OTHER))
    if extended:
        await extend(store, 900)
    expire_time = await sql.fetchval("SELECT expire_time FROM holds WHERE id = $1", HOLD)
    lost = "DELETE FROM expiries WHERE expire_time = $1 AND hold_ids = $2"
    (found,) = await planted(store, sql, lost, expire_time, [HOLD])
    assert found == (
        "open_hold_not_listed",
        f"default: hold {HOLD} is open, but not listed among those to end at {expire_time.isoformat()}",
    )
    assert await store.upkeep.repair(await store.upkeep.verify()) == 1
    assert await findings(store) == []
    await store.clock.freeze(expire_time)
    assert HOLD in await due(store)
