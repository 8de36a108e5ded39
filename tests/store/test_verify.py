"""Verify finds each planted corruption and says what is wrong; with none it finds none, also under load."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.terms import ExpiryAction, Settlement, TargetKind
from almoner_server.store import Store

from tests.store.asking import Sql, adjusted, checked, committed, hold, refund, set_limit, settle, spend

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
CORRUPTIONS = {
    "a counter off by one": (
        "UPDATE accounts SET counters[7] = counters[7] + 1 WHERE kind = 1 AND id = 'u1'",
        "counter_differs",
        "default: USER u1: spent usd_micros per LIFETIME is 8, should be 7",
    ),
    "a charge without account row": (
        "DELETE FROM accounts WHERE kind = 1 AND id = 'u1'",
        "account_missing",
        "default: USER u1: spent usd_micros per LIFETIME is 0, should be 7; there is no account row",
    ),
    "a hold without its held sum": (
        "UPDATE holds SET held = held || '{\"usd_micros\": 6}' WHERE state = 1",
        "counter_differs",
        "default: USER u1: held usd_micros per DAY is 5, should be 6",
    ),
    "a lost charge": (
        "DELETE FROM charges WHERE user_id = 'u2'",
        "counter_differs",
        "default: USER u2: spent usd_micros per WEEK is 3, should be 0",
    ),
    "an orphan chat": (
        "DELETE FROM chats WHERE id = 'root'",
        "orphan_chat",
        "default: CHAT child has a chain that does not continue the one of its parent (chain: root > child)",
    ),
    "a charge in no chat": (
        "DELETE FROM chats WHERE id = 'child'",
        "charge_in_unknown_chat",
        "default: CHAT child is named by a charge but does not exist, or has another chain",
    ),
    "a duplicate id": (
        """
        ALTER TABLE charges DROP CONSTRAINT charges_pkey;
        INSERT INTO charges SELECT * FROM charges WHERE user_id = 'u2'
        """,
        "duplicate_id",
        "occurs 2 times",
    ),
    "a pool without account": (
        "DELETE FROM accounts WHERE kind = 3",
        "pool_without_account",
        "default: GROUP g is limited but has no account row",
    ),
    "an account without pool": (
        "DELETE FROM limits WHERE target_kind = 5",
        "account_without_pool",
        "default: GROUP g has an account row but no limit",
    ),
    "a settled hold that holds": (
        "UPDATE holds SET state = 3, settle_time = now() WHERE state = 1",
        "settled_hold_holds",
        "is settled but still holds something",
    ),
    "a net that nothing explains": (
        "UPDATE charges SET net = '{\"usd_micros\": 9}' WHERE user_id = 'u2'",
        "net_differs",
        "usd_micros comes to 9, should be 3 by its amounts and adjustments",
    ),
    "an adjustment of nothing": (
        "UPDATE adjustments SET charge_id = gen_random_uuid()",
        "adjustment_without_charge",
        "is an adjustment of a charge that does not exist",
    ),
    "a count of open estimates": (
        "UPDATE accounts SET open_estimates = 4 WHERE id = 'u2'",
        "counter_differs",
        "default: USER u2: open_estimates is 4, should be 1",
    ),
}


async def some_history(store: Store) -> None:
    await store.clock.freeze(NOON)
    await set_limit(store, 1000, TargetKind.GROUP_POOL, "g")
    charge = (await committed(store, spend(9, groups=("g",), chat="child", parent="root"))).charge
    await adjusted(store, refund(charge.id, 2))
    await committed(store, spend(3, user="u2", settlement=Settlement.ESTIMATE))
    await checked(store, hold(5, groups=("g",), chat="child", ttl=86400))


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


async def test_accounts_nobody_has_used_for_long_are_judged_by_their_own_day(store: Store) -> None:
    await some_history(store)
    for days in (1, 4, 25, 400):
        await store.clock.advance(timedelta(days=days))
        await committed(store, spend(1, user=f"u{days}"))
        assert not (await store.upkeep.verify()).findings


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
