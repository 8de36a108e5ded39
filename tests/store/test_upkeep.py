"""Expired holds are found, and what is long settled is forgotten; the ledger never is."""

from datetime import UTC, datetime, timedelta

from almoner_server.core.requests import HoldResult, Release
from almoner_server.core.terms import ExpiryAction, HoldState, TargetKind
from almoner_server.store import NamespaceSettings, SetLimit, Store
from almoner_server.store.upkeep import Due

from tests.store.asking import Sql, ask, checked, committed, hold, limit_key, one, settle, spend, status

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)


async def test_holds_are_due_from_their_expiry_on_oldest_first_in_every_namespace(store: Store) -> None:
    await store.clock.freeze(NOON)
    await store.namespaces.create(NamespaceSettings("n", ("usd_micros",)))
    late, soon, elsewhere = hold(1, ttl=20), hold(1, ttl=10), hold(1, ttl=15, namespace="n")
    await store.run_batch([late, soon, elsewhere, hold(1, ttl=30)])
    await store.clock.advance(timedelta(seconds=9))
    assert await store.upkeep.holds_due() == Due([], more=False)
    await store.clock.advance(timedelta(seconds=11))
    due = await store.upkeep.holds_due()
    assert [expire.hold_id for expire in due.requests] == [
        r.hold.id for r in (soon, elsewhere, late) if r.hold
    ]
    assert not due.more
    few = await store.upkeep.holds_due(1)
    assert (few.requests, few.more) == (due.requests[:2], True)
    await store.run_batch(due.requests)
    assert await store.upkeep.holds_due() == Due([], more=False)


async def test_an_expired_hold_is_freed_or_charged(store: Store) -> None:
    await store.clock.freeze(NOON)
    await store.run_batch([hold(1, ttl=10), hold(2, ttl=10, on_expiry=ExpiryAction.CHARGE)])
    await store.clock.advance(timedelta(seconds=10))
    results = (await store.run_batch((await store.upkeep.holds_due()).requests)).results
    assert [r.hold.state for r in results if isinstance(r, HoldResult)] == [HoldState.EXPIRED] * 2
    account = (await status(store, user="u1")).accounts[0]
    assert (account.usages[-1].spent, account.usages[-1].held, account.open_estimates) == (2, 0, 1)


async def test_only_what_was_settled_long_ago_is_forgotten(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    released, committed_hold, kept_open = hold(1), hold(1), hold(1, ttl=86400)
    await store.run_batch([released, committed_hold, kept_open])
    await store.limits.set(SetLimit("default", limit_key(TargetKind.USER, "u1"), 5, NOON + timedelta(days=1)))
    assert released.hold
    assert committed_hold.hold
    await one(store, Release("default", released.hold.id), HoldResult)
    await store.clock.advance(timedelta(days=7))
    await committed(store, settle(committed_hold.hold.id, 1))
    assert await store.upkeep.prune() == 0
    await store.clock.advance(timedelta(days=1, microseconds=1))
    assert await store.upkeep.prune() == 1
    await store.clock.advance(timedelta(days=2))
    assert await store.upkeep.prune() == 1  # the override, over for 8 days
    assert await sql.fetchval("SELECT count(*) FROM holds") == 2
    await store.clock.advance(timedelta(days=30))
    assert await store.upkeep.prune() == 1
    assert await sql.fetchval("SELECT count(*) FROM charges") == 1
    assert not (await store.upkeep.verify()).findings


async def test_an_override_is_not_forgotten_as_long_as_it_is_in_force(store: Store) -> None:
    await store.clock.freeze(NOON)
    key, end = limit_key(TargetKind.USER, "u1"), NOON + timedelta(days=60)
    await store.limits.set(SetLimit("default", key, 5, end))
    await store.clock.freeze(end - timedelta(microseconds=1))
    assert await store.upkeep.prune() == 0
    assert [limit.key for limit in (await store.limits.list("default")).items] == [key]
    assert not (await checked(store, ask(6))).decision.allowed


async def test_every_namespace_is_pruned(store: Store, sql: Sql) -> None:
    await store.clock.freeze(NOON)
    for name in ("a", "z"):
        await store.namespaces.create(NamespaceSettings(name, ("usd_micros",)))
        await store.limits.set(SetLimit(name, limit_key(TargetKind.USER, "u1"), 5, NOON + timedelta(days=1)))
        request = hold(1, namespace=name)
        assert request.hold
        await store.run_batch([request, Release(name, request.hold.id)])
    await store.clock.advance(timedelta(days=30))
    assert await store.upkeep.prune() == 4
    assert await sql.fetchval("SELECT (SELECT count(*) FROM holds) + (SELECT count(*) FROM limits)") == 0


async def test_a_pool_whose_only_limit_was_an_override_can_be_limited_again(store: Store) -> None:
    await store.clock.freeze(NOON)
    key = limit_key(TargetKind.GROUP_POOL, "g")
    await store.limits.set(SetLimit("default", key, 5, NOON + timedelta(days=1)))
    await store.clock.advance(timedelta(days=30))
    await committed(store, spend(3, groups=("g",)))
    await store.upkeep.prune()
    assert not (await store.upkeep.verify()).findings
    await store.limits.set(SetLimit("default", key, 7))
    assert (await status(store, user="u1", groups=("g",))).limits[0].spent == 3


async def test_a_prune_takes_no_more_than_it_may(store: Store) -> None:
    await store.clock.freeze(NOON)
    requests = [hold(1, user=f"u{number}") for number in range(5)]
    await store.run_batch(requests)
    await store.run_batch([Release("default", request.hold.id) for request in requests if request.hold])
    await store.clock.advance(timedelta(days=30))
    assert [await store.upkeep.prune(limit=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_the_charge_of_a_forgotten_hold_is_still_recognised(store: Store) -> None:
    await store.clock.freeze(NOON)
    request = hold(1)
    assert request.hold
    await checked(store, request)
    first = await committed(store, settle(request.hold.id, 1))
    await store.clock.advance(timedelta(days=30))
    assert await store.upkeep.prune() == 1
    again = await committed(store, settle(request.hold.id, 1))
    assert (again.charge, again.replayed) == (first.charge, True)
    await committed(store, spend(1))
