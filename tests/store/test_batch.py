"""A batch is one transaction: rows locked first, each request answered alone, nothing left of a refusal."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Check, CheckResult, CommitResult, Release
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store import Store

from tests.store.asking import USD, Sql, ask, checked, committed, hold, one, set_limit, settle, spend, status

TABLES = ("accounts", "chats", "holds", "charges", "adjustments", "limit_changes")


async def everything(sql: Sql) -> dict[str, list[asyncpg.Record]]:
    return {table: await sql.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES}


async def test_a_hold_and_its_commit_are_booked_on_user_and_chats(store: Store) -> None:
    request = hold(10, chat="child", parent="root")
    assert (await checked(store, request)).decision.allowed
    result = await committed(store, settle(request.hold.id, 4)) if request.hold else None
    assert result is not None
    assert not result.replayed
    for report in (
        await status(store, user="u1"),
        await status(store, chat="child"),
        await status(store, chat="root"),
    ):
        usage = {(u.unit, u.period): (u.spent, u.held) for u in report.accounts[0].usages}
        assert usage[USD, Period.DAY] == usage[USD, Period.LIFETIME] == (4, 0)
        assert report.accounts[0].open_holds == 0


async def test_the_same_calls_again_from_another_replica_change_nothing(
    store: Store, replica: Store, sql: Sql
) -> None:
    request, direct = hold(10, chat="c"), spend(3)
    first = await store.run_batch([request, direct])
    before = await everything(sql)
    again = await replica.run_batch([request, direct])
    assert again.results[0] == first.results[0]
    assert isinstance(again.results[1], CommitResult)
    assert again.results[1].replayed
    assert await everything(sql) == before


async def test_a_refusal_leaves_no_trace(store: Store, sql: Sql) -> None:
    await set_limit(store, 5)
    await committed(store, spend(5))
    before = await everything(sql)
    for request in (hold(1, chat="new", parent="newer"), ask(1, chat="new"), hold(6, user="u2")):
        assert not (await checked(store, request)).decision.allowed
    assert await everything(sql) == before


async def test_a_bad_request_fails_alone(store: Store) -> None:
    good = hold(1)
    elsewhere = Check("nowhere", "u1", (), "", "", {})
    typo = Check("default", "u1", (), "", "", {"usd": 1})
    unknown = Release("default", uuid4())
    results = (await store.run_batch([elsewhere, good, typo, unknown])).results
    reasons = [result.reason for result in results if isinstance(result, RequestFailed)]
    assert reasons == ["NAMESPACE_NOT_FOUND", "UNKNOWN_UNIT", "HOLD_NOT_FOUND"]
    assert isinstance(results[1], CheckResult)


async def test_a_request_the_database_refuses_fails_alone(store: Store) -> None:
    poison = spend(2**63 - 1, user="rich")
    results = (await store.run_batch([spend(1), poison, spend(2, user="rich"), spend(4)])).results
    assert [isinstance(result, CommitResult) for result in results].count(True) == 3
    assert (await status(store, user="u1")).accounts[0].usages[-1].spent == 5


async def test_requests_of_one_batch_see_each_other(store: Store) -> None:
    await set_limit(store, 5)
    outcome = await store.run_batch([hold(3), hold(3), hold(2)])
    assert [r.decision.allowed for r in outcome.results if isinstance(r, CheckResult)] == [True, False, True]


@pytest.mark.parametrize("kind", [TargetKind.NAMESPACE_DEFAULT, TargetKind.NAMESPACE_POOL, TargetKind.CHAT])
async def test_racers_on_two_replicas_never_cross_a_limit(
    store: Store, replica: Store, kind: TargetKind
) -> None:
    await set_limit(store, 5, kind, "c" if kind is TargetKind.CHAT else "")
    barrier = asyncio.Barrier(60)

    async def race(number: int) -> bool:
        await barrier.wait()
        racer = hold(1, user="u1" if kind is TargetKind.NAMESPACE_DEFAULT else f"u{number}", chat="c")
        return (await checked((store, replica)[number % 2], racer)).decision.allowed

    allowed = await asyncio.gather(*(race(number) for number in range(60)))
    assert sum(allowed) == 5
    assert not (await store.upkeep.verify()).findings


async def test_freed_accounts_are_named(store: Store) -> None:
    request = hold(1, chat="c")
    await checked(store, request)
    assert request.hold
    freed = (await store.run_batch([Release("default", request.hold.id)])).freed
    assert {(key.kind.name, key.id) for key in freed} == {("USER", "u1"), ("CHAT", "c")}


async def test_the_user_of_a_hold_is_remembered_from_when_it_is_stored_to_its_end(
    store: Store, replica: Store
) -> None:
    request = hold(5)
    assert request.hold
    await checked(store, request)
    assert store.user_of_hold("default", request.hold.id) == "u1"
    assert replica.user_of_hold("default", request.hold.id) is None
    await one(replica, settle(request.hold.id, 1, partial=True, charge_id=uuid4()), CommitResult)
    assert replica.user_of_hold("default", request.hold.id) == "u1"
    await one(replica, settle(request.hold.id, 1), CommitResult)
    assert replica.user_of_hold("default", request.hold.id) is None
    assert (await one(store, settle(request.hold.id, 1), CommitResult)).replayed
