"""The client against the authority itself: its engine and store behind a real socket."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from almoner import (
    AdjustmentKind,
    AlreadyExists,
    Check,
    Checked,
    Client,
    Commit,
    Committed,
    FailedPrecondition,
    HoldOptions,
    HoldState,
    InvalidArgument,
    NotFound,
    Period,
    QuotaBusy,
    QuotaExceeded,
    Scope,
    Settlement,
    Target,
    TargetKind,
    blocking,
)
from almoner_server.engine import Engine
from almoner_server.observe.report import NobodyWatches
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.server import Server, ServerOptions
from almoner_server.store import Store

EVERYBODY = Target.namespace_default()


@pytest.fixture
async def quota(address: str) -> AsyncIterator[Client]:
    async with Client(address) as client:
        yield client


async def lifetime_limit(quota: Client, tokens: int) -> None:
    await quota.admin.set_limit(EVERYBODY, unit="tokens", period=Period.LIFETIME, amount=tokens)


async def test_what_was_held_and_spent_is_seen_in_the_status(quota: Client) -> None:
    await quota.admin.set_limit(EVERYBODY, unit="usd", period=Period.MONTH, amount="10")
    async with quota.hold(user="u1", chat="c1", parent="c0", usd=0.25, messages=1) as hold:
        open_status = await quota.status(user="u1")
        await hold.commit(usd="0.1000001", messages=1)
    assert [(limit.held, limit.spent) for limit in open_status.limits] == [(250_000, 0)]
    status = await quota.status(user="u1", chat="c1")
    (limit,) = status.limits
    assert (limit.scope, limit.limit, limit.spent, limit.remaining) == (
        Scope.ACCOUNT_PERIOD,
        10_000_000,
        100_001,
        9_899_999,
    )
    assert limit.reset_time is not None
    assert status.chat_chain == ("c0", "c1")
    chats = [account for account in status.accounts if account.account.id == "c0"]
    assert [usage.spent for usage in chats[0].usages if usage.unit == "messages"] == [1, 1, 1, 1]


async def test_callers_at_the_same_moment_share_a_limit_exactly(quota: Client) -> None:
    await lifetime_limit(quota, 5)
    barrier = asyncio.Barrier(50)

    async def call() -> str:
        await barrier.wait()
        try:
            return (await quota.open_hold(user="u1", tokens=1)).id
        except QuotaBusy:
            return ""

    outcomes = await asyncio.gather(*(call() for _ in range(50)))
    assert len([hold_id for hold_id in outcomes if hold_id]) == 5


async def test_a_refusal_maps_to_http_with_the_time_of_the_reset(quota: Client) -> None:
    await quota.admin.set_limit(EVERYBODY, unit="tokens", period=Period.DAY, amount=0)
    with pytest.raises(QuotaExceeded) as caught:
        await quota.open_hold(user="u1", tokens=1)
    response = caught.value.http_response(402)
    assert 0 < int(response.headers["Retry-After"]) <= 86_400
    (limit,) = caught.value.decision.refused_by
    assert (limit.source, limit.period, limit.unit) == (EVERYBODY, Period.DAY, "tokens")


async def test_a_hold_is_kept_alive(quota: Client) -> None:
    async with quota.hold(user="u1", tokens=1, ttl=1) as hold:
        first = hold.expire_time
        assert first is not None
        async with asyncio.timeout(10):
            while hold.expire_time == first:  # noqa: ASYNC110 - the keep-alive reports to nobody
                await asyncio.sleep(0.01)
        assert hold.expire_time is not None
        assert hold.expire_time > first
        assert not (await hold.commit(tokens=1)).charge.late


async def test_whatever_ends_a_block_nothing_stays_held(quota: Client) -> None:
    async def wait_for_ever() -> None:
        async with quota.hold(user="u1", tokens=1):
            await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        async with quota.hold(user="u1", tokens=1):
            raise ZeroDivisionError
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait_for_ever(), 0.2)
    states = [hold.state async for hold in quota.admin.list_holds(user="u1")]
    assert states == [HoldState.RELEASED] * 2


async def test_a_cancelled_wait_for_room_leaves_nothing(quota: Client) -> None:
    await lifetime_limit(quota, 1)
    first = await quota.open_hold(user="u1", tokens=1)
    waiting = asyncio.create_task(quota.open_hold(user="u1", tokens=1, wait=30))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await first.release()
    assert (await quota.check(user="u1", tokens=1)).allowed
    assert [hold.id async for hold in quota.admin.list_holds()] == [first.id]


async def test_waiting_ends_when_there_is_room(quota: Client) -> None:
    await lifetime_limit(quota, 1)
    first = await quota.open_hold(user="u1", tokens=1)
    waiting = asyncio.create_task(quota.open_hold(user="u1", tokens=1, wait=30))
    await asyncio.sleep(0.1)
    await first.release()
    assert (await asyncio.wait_for(waiting, 10)).decision.allowed


async def test_more_is_admitted_as_far_as_there_is_room(quota: Client) -> None:
    await lifetime_limit(quota, 10)
    async with quota.hold(user="u1", tokens=5) as hold:
        await hold.extend(tokens=10)
        with pytest.raises(QuotaExceeded):
            await hold.extend(tokens=11)
        await hold.commit(tokens=3, partial=True)
        estimate = await hold.commit_estimate()
    assert (estimate.charge.amounts, estimate.charge.settlement) == ({"tokens": 7}, Settlement.ESTIMATE)
    actual = await quota.adjust(estimate.charge.id, kind=AdjustmentKind.ACTUAL, tokens=2, reason="bill")
    assert (actual.charge.net_amounts, actual.adjustment.change) == ({"tokens": 2}, {"tokens": -5})
    assert [charge.id async for charge in quota.admin.list_charges(open_only=True)] == []


async def test_an_estimate_of_a_hold_that_has_ended_is_still_booked(quota: Client) -> None:
    hold = await quota.open_hold(user="u1", tokens=5)
    await quota.release(hold.id)
    late = await hold.commit_estimate()
    assert (late.charge.amounts, late.charge.late) == ({"tokens": 5}, True)


async def test_a_commit_under_an_id_the_store_does_not_know_is_booked(quota: Client) -> None:
    unknown = HoldOptions().id
    with pytest.raises(NotFound) as caught:
        await quota.commit(unknown, tokens=3)
    assert (caught.value.reason, caught.value.field) == ("HOLD_NOT_FOUND", "hold_id")
    booked = await quota.commit(unknown, tokens=3, user="u1")
    again = await quota.commit(unknown, tokens=3, user="u1")
    assert (booked.replayed, again.replayed, booked.charge) == (False, True, again.charge)
    with pytest.raises(AlreadyExists):
        await quota.commit(unknown, tokens=4, user="u1")


async def test_errors_name_the_field_and_the_reason(quota: Client) -> None:
    with pytest.raises(InvalidArgument) as unknown_unit:
        await quota.check(user="u1", tokenz=5)
    assert (unknown_unit.value.reason, unknown_unit.value.field) == ("UNKNOWN_UNIT", "amounts[tokenz]")
    await quota.charge(user="u1", chat="c1", parent="c0", tokens=1)
    with pytest.raises(FailedPrecondition) as conflict:
        await quota.check(user="u1", chat="c1", parent="other")
    assert (conflict.value.reason, conflict.value.field) == ("PARENT_CONFLICT", "chat.parent_id")


async def test_lists_are_read_over_several_pages(quota: Client) -> None:
    for number in range(5):
        await quota.admin.set_limit(
            Target.user(f"u{number}"), unit="tokens", period=Period.DAY, amount=number, actor="me"
        )
        await quota.charge(user="u1", tokens=number)
    await quota.admin.raise_limit(Target.user("u4"), unit="tokens", period=Period.DAY, delta=6)
    of_users = Target(TargetKind.USER)
    limits = [limit async for limit in quota.admin.list_limits(target=of_users, page_size=2)]
    assert [(limit.target.id, limit.amount) for limit in limits] == [
        ("u0", 0),
        ("u1", 1),
        ("u2", 2),
        ("u3", 3),
        ("u4", 10),
    ]
    changes = [change async for change in quota.admin.list_limit_changes(target=of_users, page_size=2)]
    assert len(changes) == 6
    assert changes[0].before is not None
    assert changes[0].after is not None
    assert (changes[0].before.amount, changes[0].after.amount) == (4, 10)
    assert (changes[-1].before, changes[-1].actor) == (None, "me")
    charges = [charge.amounts["tokens"] async for charge in quota.admin.list_charges(page_size=2)]
    assert charges == [4, 3, 2, 1, 0]


async def test_a_batch_gives_each_item_its_own_answer(quota: Client) -> None:
    await lifetime_limit(quota, 1)
    held, refused, wrong = await quota.check_many(
        [
            Check(user="u1", amounts={"tokens": 1}, hold=HoldOptions()),
            Check(user="u1", amounts={"tokens": 1}, hold=HoldOptions()),
            Check(user="", amounts={"tokens": 1}),
        ]
    )
    assert isinstance(held, Checked)
    assert isinstance(refused, Checked)
    assert isinstance(wrong, InvalidArgument)
    assert (held.decision.allowed, refused.decision.allowed) == (True, False)
    assert wrong.field == "subject.user"
    settled, lost = await quota.commit_many(
        [
            Commit(hold_id=held.hold_id, amounts={"tokens": 1}),
            Commit(hold_id=HoldOptions().id, amounts={"tokens": 1}),
        ]
    )
    assert isinstance(settled, Committed)
    assert settled.charge.hold_id == held.hold_id
    assert isinstance(lost, NotFound)


async def test_the_blocking_twin_does_the_same(address: str) -> None:
    def everyday() -> int:
        with blocking.Client(address) as quota:
            quota.admin.set_limit(EVERYBODY, unit="usd", period=Period.MONTH, amount=1)
            with quota.hold(user="u1", usd=0.25) as hold:
                hold.commit(usd=0.20)
            with pytest.raises(QuotaExceeded), quota.hold(user="u1", usd="0.81"):
                pass
            return sum(charge.amounts["usd_micros"] for charge in quota.admin.list_charges(user="u1"))

    assert await asyncio.to_thread(everyday) == 200_000


async def test_what_was_allowed_without_the_store_is_booked_when_it_is_back(store: Store) -> None:
    backend = Backend()
    server = Server(backend, NobodyWatches(), ServerOptions(allow_degraded=True))
    address = server.listen("127.0.0.1:0")
    await server.start()
    async with Client(address) as quota, Engine(store) as engine:
        async with quota.hold(user="u1", chat="c1", tokens=5) as hold:
            assert hold.degraded
            backend.connect(store, engine)
            await hold.commit(tokens=4)
        (charge,) = [item async for item in quota.admin.list_charges(user="u1")]
        assert (charge.id, charge.amounts) == (hold.id, {"tokens": 4})
        await server.stop(1)
