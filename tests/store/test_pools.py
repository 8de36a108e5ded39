"""A pool counts what was spent before it existed, even while all spend, and has a row only while limited."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.records import LimitKey, Target
from almoner_server.core.requests import LimitStatus
from almoner_server.core.terms import Period, Settlement, TargetKind
from almoner_server.store import DeleteLimit, SetLimit, Store, StoreOptions, StoreUnavailable, limits, pools
from almoner_server.store.connect import Database
from almoner_server.store.pools import Filling

from tests.store.asking import (
    USD,
    Sql,
    adjusted,
    checked,
    committed,
    hold,
    limit_key,
    refund,
    set_limit,
    settle,
    spend,
    status,
)
from tests.support.locks import until_blocked

GROUP = (TargetKind.GROUP_POOL, "g")
EVERYBODY = (TargetKind.NAMESPACE_POOL, "")
FILLINGS = "SELECT count(*) FROM pool_fillings"
POOL_ROWS = "SELECT count(*) FROM accounts WHERE kind IN (3, 4)"


async def pool_limit(store: Store, period: Period, kind: TargetKind = TargetKind.GROUP_POOL) -> LimitStatus:
    """Limit the pool in a period and return how it stands."""
    key = LimitKey(Target(kind, "g" if kind is TargetKind.GROUP_POOL else ""), USD, period)
    await store.limits.set(SetLimit("default", key, 1000))
    limits = (await status(store, user="nobody", groups=("g",))).limits
    return next(limit for limit in limits if limit.source.kind is kind and limit.period is period)


@pytest.mark.parametrize("kind", [TargetKind.GROUP_POOL, TargetKind.NAMESPACE_POOL])
async def test_a_pool_is_filled_from_the_ledger_in_the_windows_of_each_entry(
    store: Store, kind: TargetKind
) -> None:
    # The 1st of April 2026 is a Wednesday: day, week and month each begin at another moment.
    moments = [
        datetime(2026, 3, 20, 12, tzinfo=UTC),
        datetime(2026, 3, 30, 12, tzinfo=UTC),
        datetime(2026, 4, 1, 12, tzinfo=UTC),
        datetime(2026, 4, 2, 12, tzinfo=UTC),
    ]
    for number, moment in enumerate(moments):
        await store.clock.freeze(moment)
        charge = (await committed(store, spend(3 * 10**number, user=f"u{number}", groups=("g",)))).charge
        await adjusted(store, refund(charge.id, 10**number))
        await checked(store, hold(5 * 10**number, user=f"u{number}", groups=("g",), ttl=86400))
    await committed(store, spend(7, user="other", groups=("h",)))
    other = 7 if kind is TargetKind.NAMESPACE_POOL else 0
    spent = {period: (await pool_limit(store, period, kind)) for period in Period}
    assert {period: found.spent - other for period, found in spent.items()} == {
        Period.DAY: 2000,
        Period.WEEK: 2220,
        Period.MONTH: 2200,
        Period.LIFETIME: 2222,
    }
    assert {period: found.held for period, found in spent.items()} == {
        Period.DAY: 5000,
        Period.WEEK: 5550,
        Period.MONTH: 5500,
        Period.LIFETIME: 5555,
    }
    assert not (await store.upkeep.verify()).findings


async def test_open_holds_and_estimates_of_before_count_and_settle(store: Store) -> None:
    request = hold(10, groups=("g",))
    await checked(store, request)
    await committed(store, spend(1, groups=("g",), settlement=Settlement.ESTIMATE))
    key = limit_key(*GROUP, unit="in_flight")
    await store.limits.set(SetLimit("default", key, 1))
    assert not (await checked(store, hold(1, groups=("g",)))).decision.allowed
    assert request.hold
    await committed(store, settle(request.hold.id, 4))
    assert (await checked(store, hold(1, groups=("g",)))).decision.allowed
    assert not (await store.upkeep.verify()).findings


async def test_a_pool_has_its_row_exactly_while_it_is_limited(store: Store, sql: Sql) -> None:
    await committed(store, spend(5, groups=("g",)))
    for period in (Period.DAY, Period.MONTH):
        await store.limits.set(SetLimit("default", limit_key(*GROUP, period=period), 10))
    assert await sql.fetchval(POOL_ROWS) == 1
    await store.limits.delete(DeleteLimit("default", limit_key(*GROUP, period=Period.DAY)))
    assert await sql.fetchval(POOL_ROWS) == 1
    await store.limits.delete(DeleteLimit("default", limit_key(*GROUP, period=Period.MONTH)))
    assert await sql.fetchval(POOL_ROWS) == 0
    await committed(store, spend(5, groups=("g",)))
    assert (await pool_limit(store, Period.DAY)).spent == 10


async def test_pools_that_come_and_go_under_load_count_everything(store: Store, replica: Store) -> None:
    done = asyncio.Event()

    async def load(name: str, target: Store) -> None:
        while not done.is_set():
            request = hold(3, user=name, groups=("g",))
            await checked(target, request)
            assert request.hold
            await target.run_batch([settle(request.hold.id, 2), spend(1, user=name, groups=("g",))])

    loads = [asyncio.create_task(load(f"u{number}", (store, replica)[number % 2])) for number in range(4)]
    for _ in range(5):
        for kind, target in (GROUP, EVERYBODY):
            await set_limit(store, 10**9, kind, target)
            assert not (await replica.upkeep.verify()).findings
        for kind, target in (GROUP, EVERYBODY):
            await replica.limits.delete(DeleteLimit("default", limit_key(kind, target)))
    done.set()
    await asyncio.gather(*loads)
    assert not (await store.upkeep.verify()).findings


class Paused:
    """Stops the filling of a pool after the ledger was summed up, until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.summed, self.go_on = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(limits, "fill_pool", self.fill)

    async def fill(self, database: Database, name: str, target: Target) -> Filling | None:
        filling = await pools.fill_pool(database, name, target)
        self.summed.set()
        await self.go_on.wait()
        return filling


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> Paused:
    return Paused(monkeypatch)


@pytest.mark.parametrize(("kind", "name"), [GROUP, EVERYBODY])
async def test_nobody_waits_for_a_pool_that_is_being_filled(
    store: Store, replica: Store, paused: Paused, kind: TargetKind, name: str
) -> None:
    await store.clock.freeze(
        datetime(2026, 3, 31, 23, tzinfo=UTC)
    )  # a Tuesday: the week goes on, the month ends
    before = (await committed(store, spend(50, groups=("g",)))).charge
    early, late = hold(7, groups=("g",), ttl=86400), hold(9, groups=("g",), ttl=86400)
    await checked(store, early)
    change = asyncio.create_task(store.limits.set(SetLimit("default", limit_key(kind, name), 1000)))
    await paused.summed.wait()
    assert early.hold
    assert late.hold
    await committed(replica, settle(early.hold.id, 4))
    await adjusted(store, refund(before.id, 10))
    await store.clock.freeze(datetime(2026, 4, 1, 1, tzinfo=UTC))
    await checked(replica, late)
    await committed(store, spend(1, groups=("g",), settlement=Settlement.ESTIMATE))
    assert not (await replica.upkeep.verify()).findings  # what is half filled is nobody's business
    assert (await checked(store, hold(10**9, groups=("g",)))).decision.allowed  # there is no limit yet
    paused.go_on.set()
    await change
    found = {period: await pool_limit(store, period, kind) for period in Period}
    assert {period: (limit.spent, limit.held - 10**9) for period, limit in found.items()} == {
        Period.DAY: (1, 9),
        Period.WEEK: (45, 9),
        Period.MONTH: (1, 9),
        Period.LIFETIME: (45, 9),
    }
    assert not (await store.upkeep.verify()).findings


async def test_two_first_limits_of_a_pool_at_once_fill_it_once(
    store: Store, replica: Store, paused: Paused, sql: Sql
) -> None:
    await committed(store, spend(5, groups=("g",)))
    daily = SetLimit("default", limit_key(*GROUP, period=Period.DAY), 10)
    monthly = SetLimit("default", limit_key(*GROUP, period=Period.MONTH), 20)
    changes = [asyncio.create_task(store.limits.set(daily)), asyncio.create_task(replica.limits.set(monthly))]
    await paused.summed.wait()
    await committed(store, spend(1, groups=("g",)))
    paused.go_on.set()
    await asyncio.gather(*changes)
    assert await sql.fetchval(FILLINGS) == 0
    assert {(await pool_limit(store, period)).spent for period in (Period.DAY, Period.MONTH)} == {6}
    assert not (await store.upkeep.verify()).findings


async def test_many_pools_can_be_limited_at_once_on_few_connections(database: str, sql: Sql) -> None:
    store = await Store.open(database, StoreOptions(pool_size=4))
    try:
        groups = [f"g{number}" for number in range(12)]
        await committed(store, spend(5, groups=tuple(groups)))
        async with asyncio.timeout(4):  # less than the lock timeout, by which a knot would come undone
            await asyncio.gather(*(set_limit(store, 10, TargetKind.GROUP_POOL, group) for group in groups))
        assert await sql.fetchval(POOL_ROWS) == len(groups)
        assert not (await store.upkeep.verify()).findings
    finally:
        await store.close()


async def test_what_is_spent_while_a_filling_waits_for_its_lock_is_summed_up(
    store: Store, database: str, sql: Sql
) -> None:
    await committed(store, spend(5, groups=("g",)))
    async with sql.transaction():
        await sql.execute("SELECT FROM namespaces WHERE name = 'default' FOR SHARE")
        task = asyncio.create_task(pools.fill_pool(store._database, "default", Target(*GROUP)))
        await until_blocked(database)
        await committed(store, spend(3, groups=("g",)))
    filling = await task
    assert filling
    assert sum(entry["spent"] for entry in filling.sums) == 8


async def test_a_filling_that_takes_too_long_leaves_nothing(
    store: Store, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "FILL_SECONDS", 1e-6)
    with pytest.raises(StoreUnavailable):
        await set_limit(store, 10, *GROUP)
    assert (await sql.fetchval(FILLINGS), await sql.fetchval(POOL_ROWS)) == (0, 0)
    assert (await checked(store, hold(11, groups=("g",)))).decision.allowed


async def test_a_pool_whose_filler_has_died_is_forgotten_and_can_be_filled_anew(
    store: Store, database: str, sql: Sql
) -> None:
    await store.clock.freeze(datetime(2026, 3, 31, 12, tzinfo=UTC))
    await committed(store, spend(5, groups=("g",)))
    other = await Database.open(database, StoreOptions())
    await pools.fill_pool(other, "default", Target(*GROUP))
    await other.close()
    await committed(store, spend(5, groups=("g",)))
    assert await store.upkeep.abandon_stale_fillings() == 0
    await store.clock.freeze(datetime(2026, 3, 31, 13, tzinfo=UTC))
    assert await store.upkeep.abandon_stale_fillings() == 1
    assert (await sql.fetchval(FILLINGS), await sql.fetchval(POOL_ROWS)) == (0, 0)
    await pools.fill_pool(store._database, "default", Target(*GROUP))
    assert (await pool_limit(store, Period.DAY)).spent == 10
    assert not (await store.upkeep.verify()).findings


async def test_a_filling_that_may_still_be_under_way_is_left_alone(store: Store) -> None:
    begin = datetime(2026, 3, 31, 12, tzinfo=UTC)
    await store.clock.freeze(begin)
    await committed(store, spend(5, groups=("g",)))
    filling = await pools.fill_pool(store._database, "default", Target(*GROUP))
    assert filling
    await store.clock.freeze(begin + timedelta(seconds=pools.FILL_SECONDS))
    assert await store.upkeep.abandon_stale_fillings() == 0


async def test_a_change_of_limits_waits_for_batches_under_way_but_not_for_ever(
    database: str, sql: Sql
) -> None:
    impatient = await Store.open(database, StoreOptions(lock_timeout=0.05))
    try:
        async with sql.transaction():
            await sql.execute("SELECT FROM namespaces WHERE name = 'default' FOR SHARE")
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await set_limit(impatient, 5, *GROUP)
        await set_limit(impatient, 5, *GROUP)
    finally:
        await impatient.close()
