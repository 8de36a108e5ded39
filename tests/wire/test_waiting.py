"""Who waits for room and goes away leaves nothing, neither a hold nor a line in the log."""

import asyncio

import asyncpg
import grpc
import pytest
from almoner import Client, Hold, HoldState, Period, Target
from almoner.v1.quota_service_pb2 import CheckQuotaRequest, HoldOptions
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner.v1.resources_pb2 import RefusalReason, Subject
from almoner_server.app import Authority

from tests.support.locks import A_BATCH, until_blocked

SETTLED = 0.3
"""Seconds in which a call has surely reached the waiting room."""


@pytest.fixture
async def only_hold(quota: Client) -> Hold:
    """Fill the user's limit with one open hold."""
    await quota.admin.set_limit(Target.namespace_default(), unit="tokens", period=Period.DAY, amount=1)
    return await quota.open_hold(user="u", tokens=1)


def waiting_check(seconds: int = 60) -> CheckQuotaRequest:
    request = CheckQuotaRequest(
        namespace="default", subject=Subject(user="u"), amounts={"tokens": 1}, hold=HoldOptions()
    )
    request.wait.FromSeconds(seconds)
    return request


async def assert_nothing_is_held_after(hold: Hold, quota: Client, caplog: pytest.LogCaptureFixture) -> None:
    await hold.release()
    assert (await quota.status(user="u")).accounts[0].open_holds == 0
    assert (await quota.check(user="u", tokens=1)).allowed
    assert caplog.records == []


async def test_a_cancelled_wait_leaves_nothing(
    channel: grpc.aio.Channel, only_hold: Hold, quota: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    call = QuotaServiceStub(channel).CheckQuota(waiting_check())
    await asyncio.sleep(SETTLED)
    assert not call.done()
    call.cancel()
    await asyncio.sleep(SETTLED)
    await assert_nothing_is_held_after(only_hold, quota, caplog)


@pytest.mark.parametrize("seconds", [0, 60])
async def test_a_call_cancelled_while_it_is_carried_out_gives_back_what_nobody_knows_it_holds(
    channel: grpc.aio.Channel, quota: Client, database: str, seconds: int
) -> None:
    """The caller gave no id, so it can neither ask again nor release. With an id of its own it can."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE holds IN EXCLUSIVE MODE")
            call = QuotaServiceStub(channel).CheckQuota(waiting_check(seconds))
            await until_blocked(database, A_BATCH)
            call.cancel()
            await asyncio.sleep(SETTLED)
        async with asyncio.timeout(10):
            states: list[HoldState] = []
            while states != [HoldState.RELEASED]:
                states = [hold.state async for hold in quota.admin.list_holds()]
    finally:
        await connection.close()


async def test_a_caller_who_hangs_up_leaves_nothing(
    server: Authority, only_hold: Hold, quota: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = QuotaServiceStub(channel).CheckQuota(waiting_check())
        await asyncio.sleep(SETTLED)
        assert not call.done()
    await asyncio.sleep(SETTLED)
    await assert_nothing_is_held_after(only_hold, quota, caplog)


async def test_a_wait_ends_before_the_deadline_of_its_call(
    channel: grpc.aio.Channel, only_hold: Hold
) -> None:
    answer = await QuotaServiceStub(channel).CheckQuota(waiting_check(), timeout=1)
    assert answer.decision.reason == RefusalReason.REFUSAL_REASON_BUSY
