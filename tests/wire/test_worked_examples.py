"""The 35 worked examples of docs/semantics.md, over the wire, on every kind of PostgreSQL the store supports.

Test names carry the number of the example. Now is 2026-03-11T10:00Z, a Wednesday, unless a test says otherwise.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from almoner import (
    AdjustmentKind,
    AlreadyExists,
    Client,
    Decision,
    GroupRule,
    HoldState,
    LimitStatus,
    Period,
    QuotaBusy,
    QuotaExceeded,
    RefusalReason,
    Scope,
    Status,
    Target,
    TargetKind,
    new_id,
)

from tests.support.clock import AuthorityClock

NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 4, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 12, tzinfo=UTC)
DEFAULT = Target.namespace_default()
USD = "usd_micros"
pytestmark = pytest.mark.parametrize("postgres", ["embedded", "system"], indirect=True, scope="session")


@pytest.fixture(autouse=True)
async def _now(clock: AuthorityClock) -> None:
    await clock.set(NOW)


async def limit(
    quota: Client,
    amount: int,
    *,
    target: Target = DEFAULT,
    period: Period = Period.MONTH,
    unit: str = USD,
    expire_time: datetime | None = None,
) -> None:
    await quota.admin.set_limit(target, unit=unit, period=period, amount=amount, expire_time=expire_time)


async def spend(
    quota: Client, amount: int, *, user: str = "u1", chat: str | None = None, parent: str | None = None
) -> None:
    await quota.charge(user=user, chat=chat, parent=parent, usd_micros=amount)


async def check(quota: Client, amount: int, *, user: str = "u1", **more: object) -> Decision:
    return await quota.check(user=user, usd_micros=amount, **more)  # type: ignore[arg-type]


async def status(quota: Client, user: str = "u1", groups: tuple[str, ...] = ()) -> Status:
    return await quota.status(user=user, groups=groups)


def spent(report: Status, period: Period = Period.MONTH, unit: str = USD) -> int:
    return next(u.spent for u in report.accounts[0].usages if u.unit == unit and u.period == period)


def held(report: Status, period: Period = Period.MONTH, unit: str = USD) -> int:
    return next(u.held for u in report.accounts[0].usages if u.unit == unit and u.period == period)


def only(limits: tuple[LimitStatus, ...]) -> LimitStatus:
    assert len(limits) == 1, limits
    return limits[0]


async def groups_a_and_b(quota: Client) -> None:
    await limit(quota, 100)
    await limit(quota, 5, target=Target.group_default("a"))
    await limit(quota, 20, target=Target.group_default("b"))


async def test_01_without_a_limit_everything_passes(quota: Client) -> None:
    answer = await check(quota, 5)
    assert answer.allowed
    assert answer.limits == ()
    assert spent(await status(quota)) == 0


async def test_02_up_to_the_limit_and_not_past_it(quota: Client) -> None:
    await limit(quota, 100)
    await spend(quota, 99)
    assert (await check(quota, 0)).allowed
    assert (await check(quota, 1)).allowed
    refusal = await check(quota, 2)
    assert refusal.reason == RefusalReason.EXHAUSTED
    assert only(refusal.refused_by).reset_time == NEXT_MONTH
    assert refusal.retry_after == NEXT_MONTH - NOW


async def test_03_asking_for_nothing_needs_room_for_more(quota: Client) -> None:
    await limit(quota, 100)
    await spend(quota, 100)
    assert (await check(quota, 0)).reason == RefusalReason.EXHAUSTED


async def test_04_zero_blocks_everything(quota: Client) -> None:
    await limit(quota, 0)
    assert (await check(quota, 0)).reason == RefusalReason.EXHAUSTED


async def test_05_a_new_day_starts_at_midnight(quota: Client, clock: AuthorityClock) -> None:
    await limit(quota, 100, period=Period.DAY)
    await clock.set(MIDNIGHT - timedelta(seconds=1))
    await spend(quota, 100)
    assert not (await check(quota, 1)).allowed
    await clock.set(MIDNIGHT)
    assert (await check(quota, 1)).allowed


async def test_06_a_week_starts_on_monday(quota: Client) -> None:
    await limit(quota, 100, period=Period.WEEK)
    week = only((await status(quota)).limits)
    assert week.window_start_time == datetime(2026, 3, 9, tzinfo=UTC)
    assert week.reset_time == datetime(2026, 3, 16, tzinfo=UTC)


async def test_07_the_smallest_group_default_wins(quota: Client) -> None:
    await groups_a_and_b(quota)
    found = only((await status(quota, groups=("a", "b"))).limits)
    assert (found.limit, found.source) == (5, Target.group_default("a"))


async def test_08_or_the_largest_by_rule(quota: Client) -> None:
    await groups_a_and_b(quota)
    await quota.admin.update_namespace(quota.namespace, group_rule=GroupRule.MAX)
    found = only((await status(quota, groups=("a", "b"))).limits)
    assert (found.limit, found.source) == (20, Target.group_default("b"))


async def test_09_a_group_default_replaces_the_namespace_default(quota: Client) -> None:
    await groups_a_and_b(quota)
    await limit(quota, 3)
    assert only((await status(quota, groups=("a", "b"))).limits).limit == 5


async def test_10_a_user_override_replaces_both_and_11_deleting_it_brings_them_back(quota: Client) -> None:
    await groups_a_and_b(quota)
    await limit(quota, 50, target=Target.user("u1"))
    found = only((await status(quota, groups=("a", "b"))).limits)
    assert (found.limit, found.source) == (50, Target.user("u1"))
    await quota.admin.delete_limit(Target.user("u1"), unit=USD, period=Period.MONTH)
    assert only((await status(quota, groups=("a", "b"))).limits).limit == 5


async def test_12_every_period_must_pass(quota: Client) -> None:
    await limit(quota, 100)
    await limit(quota, 10, period=Period.DAY)
    await spend(quota, 10)
    refusal = await check(quota, 1)
    assert refusal.reason == RefusalReason.EXHAUSTED
    assert (only(refusal.refused_by).period, only(refusal.refused_by).reset_time) == (Period.DAY, MIDNIGHT)
    passing = next(found for found in refusal.limits if found.period == Period.MONTH)
    assert passing.refusal_reason is None


async def test_13_retry_waits_for_the_latest_reset(quota: Client) -> None:
    await limit(quota, 10)
    await limit(quota, 10, period=Period.DAY)
    await spend(quota, 10)
    refusal = await check(quota, 1)
    assert [found.period for found in refusal.refused_by] == [Period.DAY, Period.MONTH]
    assert refusal.retry_after == NEXT_MONTH - NOW


async def test_14_open_holds_make_it_busy(quota: Client) -> None:
    await limit(quota, 100)
    await quota.open_hold(user="u1", usd_micros=60)
    refusal = await check(quota, 50)
    assert refusal.reason == RefusalReason.BUSY
    assert refusal.retry_after is not None
    assert refusal.retry_after <= timedelta(seconds=5)


async def test_15_waiting_ends_when_a_hold_settles(quota: Client) -> None:
    await limit(quota, 100)
    hold = await quota.open_hold(user="u1", usd_micros=60)
    waiting = asyncio.create_task(quota.open_hold(user="u1", usd_micros=50, wait=5))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await hold.commit(usd_micros=20)
    assert (await asyncio.wait_for(waiting, 1)).decision.allowed
    report = await status(quota)
    assert (spent(report), held(report)) == (20, 50)


async def test_16_spent_money_is_exhausted_not_busy(quota: Client) -> None:
    await limit(quota, 100)
    await spend(quota, 60)
    assert (await check(quota, 50)).reason == RefusalReason.EXHAUSTED


async def test_17_a_thousand_callers_share_five(quota: Client) -> None:
    await limit(quota, 5)
    start = asyncio.Event()

    async def race() -> bool:
        await start.wait()
        try:
            await quota.open_hold(user="u1", usd_micros=1, timeout=60)
        except (QuotaBusy, QuotaExceeded):
            return False
        return True

    racers = [asyncio.create_task(race()) for _ in range(1000)]
    await asyncio.sleep(0)
    start.set()
    assert sum(await asyncio.gather(*racers)) == 5
    assert held(await status(quota)) == 5


async def test_18_a_commit_below_its_hold_frees_the_rest(quota: Client) -> None:
    hold = await quota.open_hold(user="u1", usd_micros=10)
    await hold.commit(usd_micros=4)
    report = await status(quota)
    assert (spent(report), held(report)) == (4, 0)


async def test_19_a_commit_above_its_hold_is_booked_in_full(quota: Client) -> None:
    hold = await quota.open_hold(user="u1", usd_micros=10)
    booked = await hold.commit(usd_micros=14)
    assert booked.overrun == {USD: 4}
    assert spent(await status(quota)) == 14


async def test_20_a_commit_after_expiry_is_late_but_booked(quota: Client, clock: AuthorityClock) -> None:
    hold = await quota.open_hold(user="u1", usd_micros=10, ttl=60)
    await clock.set(NOW + timedelta(seconds=60))
    booked = await hold.commit(usd_micros=7)
    assert booked.charge.late
    report = await status(quota)
    assert (spent(report), held(report)) == (7, 0)


async def test_21_a_commit_is_booked_once_and_never_changed(quota: Client) -> None:
    hold = await quota.open_hold(user="u1", usd_micros=10)
    assert not (await quota.commit(hold.id, usd_micros=7)).replayed
    assert (await quota.commit(hold.id, usd_micros=7)).replayed
    with pytest.raises(AlreadyExists):
        await quota.commit(hold.id, usd_micros=8)
    assert spent(await status(quota)) == 7


async def chat_tree(quota: Client, leaf_spent: int) -> None:
    await limit(quota, 1_000_000, target=Target.chat("root"), period=Period.LIFETIME)
    await limit(quota, 1_000_000_000)
    await spend(quota, 400_000, chat="root")
    await spend(quota, 300_000, chat="child", parent="root")
    await spend(quota, leaf_spent, chat="grandchild", parent="child")


async def test_22_a_root_limit_counts_all_descendants(quota: Client) -> None:
    await chat_tree(quota, 300_000)
    refusal = await check(quota, 0, chat="grandchild")
    assert refusal.reason == RefusalReason.EXHAUSTED
    full = only(refusal.refused_by)
    assert (full.scope, full.source, full.reset_time) == (Scope.CHAT_LIFETIME, Target.chat("root"), None)
    assert refusal.retry_after is None


async def test_23_the_last_of_it_may_be_spent_anywhere_in_the_tree(quota: Client) -> None:
    await chat_tree(quota, 299_999)
    for chat in ("root", "child", "grandchild"):
        assert (await check(quota, 1, chat=chat)).allowed


async def test_24_chat_limits_are_listed_first(quota: Client) -> None:
    await chat_tree(quota, 300_000)
    await limit(quota, 1_000_000)
    refusal = await check(quota, 1, chat="grandchild")
    assert [found.scope for found in refusal.refused_by] == [Scope.CHAT_LIFETIME, Scope.ACCOUNT_PERIOD]


async def test_25_another_tree_is_not_affected(quota: Client) -> None:
    await chat_tree(quota, 300_000)
    assert (await check(quota, 1, chat="elsewhere")).allowed


async def test_26_a_child_limit_does_not_bind_its_root(quota: Client) -> None:
    await limit(quota, 100, target=Target.chat("root"), period=Period.LIFETIME)
    await limit(quota, 30, target=Target.chat("child"), period=Period.LIFETIME)
    await spend(quota, 30, chat="child", parent="root")
    refusal = await check(quota, 1, chat="child")
    assert refusal.reason == RefusalReason.EXHAUSTED
    assert only(refusal.refused_by).source == Target.chat("child")
    assert (await check(quota, 1, chat="root")).allowed


async def test_27_a_unit_the_request_does_not_name_refuses_too(quota: Client) -> None:
    await limit(quota, 100)
    await limit(quota, 1, unit="messages")
    await quota.charge(user="u1", messages=1)
    refusal = await check(quota, 1)
    assert refusal.reason == RefusalReason.EXHAUSTED
    assert only(refusal.refused_by).unit == "messages"


async def test_28_one_call_in_flight_at_a_time(quota: Client) -> None:
    await limit(quota, 1, unit="in_flight", period=Period.LIFETIME)
    hold = await quota.open_hold(user="u1", usd_micros=1)
    refusal = await check(quota, 1)
    assert refusal.reason == RefusalReason.BUSY
    assert only(refusal.refused_by).scope == Scope.IN_FLIGHT
    await hold.release()
    assert (await check(quota, 1)).allowed


async def test_29_members_share_a_group_pool(quota: Client) -> None:
    await limit(quota, 100, target=Target.group_pool("g"))
    for user in ("u1", "u2"):
        await quota.admin.set_user_groups(user, ["g"])
    await spend(quota, 80)
    refusal = await check(quota, 30, user="u2")
    assert refusal.reason == RefusalReason.EXHAUSTED
    assert (only(refusal.refused_by).scope, only(refusal.refused_by).source) == (
        Scope.POOL,
        Target.group_pool("g"),
    )


async def test_30_a_pool_counts_what_was_spent_before_it_existed(quota: Client) -> None:
    for user, amount in (("u1", 40), ("u2", 30)):
        await quota.admin.set_user_groups(user, ["g"])
        await spend(quota, amount, user=user)
    await limit(quota, 100, target=Target.group_pool("g"))
    pool = only((await status(quota)).limits)
    assert (pool.source.kind, pool.spent, pool.remaining) == (TargetKind.GROUP_POOL, 70, 30)


async def test_31_a_hold_belongs_to_the_month_it_was_admitted_in(
    quota: Client, clock: AuthorityClock
) -> None:
    await clock.set(NEXT_MONTH - timedelta(seconds=10))
    hold = await quota.open_hold(user="u1", usd_micros=10)
    await clock.set(NEXT_MONTH + timedelta(seconds=5))
    await hold.commit(usd_micros=10)
    report = await status(quota)
    assert (spent(report, Period.MONTH), spent(report, Period.LIFETIME)) == (0, 10)
    assert [charge.occurred_at async for charge in quota.admin.list_charges()] == [
        NEXT_MONTH - timedelta(seconds=10)
    ]


async def test_32_a_direct_charge_is_never_refused(quota: Client) -> None:
    await limit(quota, 3)
    await spend(quota, 3)
    await quota.charge(user="u1", charge_id=new_id(), usd_micros=5)
    assert only((await status(quota)).limits).remaining == 0
    assert spent(await status(quota)) == 8


async def test_33_a_refund_is_booked_once(quota: Client) -> None:
    charge = (await quota.charge(user="u1", usd_micros=10)).charge
    adjustment = new_id()
    for replayed in (False, True):
        answer = await quota.adjust(
            charge.id, kind=AdjustmentKind.REFUND, adjustment_id=adjustment, usd_micros=10, reason="goodwill"
        )
        assert answer.replayed is replayed
        assert spent(await status(quota)) == 0


async def test_34_a_temporary_override_ends_by_itself(quota: Client, clock: AuthorityClock) -> None:
    end = NOW + timedelta(hours=1)
    await limit(quota, 100)
    await limit(quota, 500, target=Target.user("u1"), expire_time=end)
    await spend(quota, 200)
    await clock.set(end - timedelta(seconds=1))
    assert (await check(quota, 1)).allowed
    await clock.set(end)
    assert (await check(quota, 1)).reason == RefusalReason.EXHAUSTED


async def test_35_a_disabled_namespace_enforces_nothing(quota: Client) -> None:
    await limit(quota, 1, target=Target.user("u1"))
    await spend(quota, 5)
    await quota.admin.update_namespace(quota.namespace, enabled=False)
    answer = await check(quota, 5)
    assert answer.allowed
    assert answer.limits == ()
    hold = await quota.open_hold(user="u1", usd_micros=5)
    await hold.commit(usd_micros=5)
    assert spent(await status(quota)) == 10
    assert [found.state async for found in quota.admin.list_holds()] == [HoldState.COMMITTED]
