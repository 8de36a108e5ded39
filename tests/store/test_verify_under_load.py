"""Verify finds nothing while all work, and repairs while they do without any limit being crossed."""

import asyncio

import asyncpg
from almoner_server.core.terms import ExpiryAction, TargetKind
from almoner_server.store import Store

from tests.store.asking import Sql, adjusted, checked, committed, hold, refund, set_limit, settle, spend


async def test_it_finds_nothing_at_any_moment_under_load(store: Store, replica: Store) -> None:
    done = asyncio.Event()

    async def load(number: int) -> None:
        while not done.is_set():
            target = (store, replica)[number % 2]
            request = hold(
                3, user=f"u{number % 3}", chat=f"c{number}", parent="root", on_expiry=ExpiryAction.CHARGE
            )
            await checked(target, request)
            assert request.hold
            charge = (await committed(target, settle(request.hold.id, 5))).charge
            await adjusted(target, refund(charge.id, 1))

    loads = [asyncio.create_task(load(number)) for number in range(6)]
    reports = [await store.upkeep.verify()]
    while reports[-1].charges < 60:
        reports.append(await store.upkeep.verify())
    done.set()
    await asyncio.gather(*loads)
    reports.append(await store.upkeep.verify())
    assert [finding for report in reports for finding in report.findings] == []
    assert len(reports) > 10


async def test_nobody_takes_a_row_made_anew_for_one_he_remembers(
    store: Store, replica: Store, sql: Sql
) -> None:
    await set_limit(store, 1000, TargetKind.USER, "u1")
    for target in (store, store, replica):  # the first remembers the row as of its second version
        await committed(target, spend(1))
    await sql.execute("DELETE FROM accounts")
    await store.upkeep.repair(await store.upkeep.verify())
    for _ in range(3):
        await committed(store, spend(1))
    assert not (await store.upkeep.verify()).findings


async def test_it_repairs_under_load_and_no_limit_is_crossed(store: Store, replica: Store, sql: Sql) -> None:
    limit = 150
    await set_limit(store, limit, TargetKind.USER, "u1")
    await set_limit(store, 10**9, TargetKind.GROUP_POOL, "g")
    done, full = asyncio.Event(), asyncio.Event()
    turns = [asyncio.Event() for _ in range(6)]
    admitted = 0

    async def load(number: int) -> None:
        nonlocal admitted
        while not done.is_set():
            target = (store, replica)[number % 2]
            request = hold(1, user=f"u{number % 3}", groups=("g",), chat=f"c{number % 4}", parent="root")
            if (await checked(target, request)).decision.allowed:
                assert request.hold
                await committed(target, settle(request.hold.id, 1))
                admitted += request.user == "u1"
            elif number == 1:
                full.set()
            turns[number].set()

    loads = [asyncio.create_task(load(number)) for number in range(6)]
    for damage in (
        "UPDATE accounts SET counters[7] = counters[7] + 100000, version = version + 1 WHERE id = 'u1'",
        "UPDATE accounts SET counters[1] = counters[1] - 3, version = version + 1 WHERE kind IN (2, 3)",
        "DELETE FROM accounts WHERE kind = 2 AND id = 'root' OR id = 'u2'",
        "UPDATE accounts SET open_unpriced = 2, open_estimates = 2, version = version + 1 WHERE id = 'u0'",
    ):
        for turn in turns:  # every caller has spent since the repair before
            turn.clear()
            await turn.wait()
        await _by_hand(sql, damage)
        report = await store.upkeep.verify()
        assert report.findings
        await store.upkeep.repair(report)
        assert not (await store.upkeep.verify()).findings
    full.clear()
    await full.wait()
    done.set()
    await asyncio.gather(*loads)
    assert admitted == limit
    assert not (await store.upkeep.verify()).findings


async def _by_hand(sql: Sql, statement: str) -> None:
    """Change rows in no order that anybody else keeps: whoever does may have to try again."""
    while True:
        try:
            await sql.execute(statement)
        except asyncpg.DeadlockDetectedError:
            continue
        return
