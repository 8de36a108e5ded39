"""How a server ends: what it has taken is finished, what is new goes elsewhere, and it exits with 0."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import grpc
import pytest
from almoner import Client, HoldState, Period, Target
from almoner.v1.quota_service_pb2 import CheckQuotaRequest
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner.v1.resources_pb2 import RefusalReason, Subject

from tests.support.failures import failure_of
from tests.support.health import NOT_SERVING, SERVING, watch_health
from tests.support.locks import A_BATCH, until_blocked
from tests.support.server import run_server, server_process

UNDER_WAY = 0.5
"""Seconds in which a call has surely reached the database, or the waiting room."""


@asynccontextmanager
async def nothing_is_written(database: str) -> AsyncIterator[asyncpg.transaction.Transaction]:
    """Keep every write waiting until the transaction is rolled back."""
    connection = await asyncpg.connect(database)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE charges IN EXCLUSIVE MODE")
    yield transaction
    await connection.close()


async def test_calls_under_way_are_finished(database: str) -> None:
    server = await run_server("--database-url", database)
    async with Client(server.address) as quota:
        holds = [await quota.open_hold(user=f"u{number}", tokens=1) for number in range(20)]
        async with nothing_is_written(database) as locked:
            commits = [asyncio.create_task(hold.commit(tokens=1)) for hold in holds]
            await until_blocked(database, A_BATCH)
            await asyncio.sleep(UNDER_WAY)
            ended = asyncio.create_task(server.terminate())
            await asyncio.sleep(UNDER_WAY)
            assert not any(commit.done() for commit in commits)
            await locked.rollback()
        assert all(not answer.replayed for answer in await asyncio.gather(*commits))
        assert await ended == (0, "")
    async with server_process("--database-url", database) as again, Client(again.address) as quota:
        assert len([hold async for hold in quota.admin.list_holds(state=HoldState.COMMITTED)]) == 20


async def test_health_says_so(database: str) -> None:
    server = await run_server("--database-url", database)
    async with Client(server.address) as quota, grpc.aio.insecure_channel(server.address) as channel:
        states = watch_health(channel, "almoner.v1.QuotaService")
        assert await anext(states) == SERVING
        async with nothing_is_written(database) as locked:
            commit = asyncio.create_task(quota.charge(user="u", tokens=1))
            await until_blocked(database, A_BATCH)
            ended = asyncio.create_task(server.terminate())
            assert await anext(states) == NOT_SERVING
            await states.aclose()
            await locked.rollback()
        await commit
        assert await ended == (0, "")


async def test_busy_callers_are_told_to_send_the_same_call_again(database: str) -> None:
    server = await run_server("--database-url", database)
    request = CheckQuotaRequest(namespace="default", subject=Subject(user="u"))
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = QuotaServiceStub(channel)

        async def call_until_it_fails() -> None:
            while True:
                await stub.CheckQuota(request)

        callers = [asyncio.create_task(failure_of(call_until_it_fails())) for _ in range(32)]
        await asyncio.sleep(UNDER_WAY)
        assert await server.terminate() == (0, "")
        failures = await asyncio.gather(*callers)
    assert {(failure.code, failure.reason) for failure in failures} == {("UNAVAILABLE", "SHUTTING_DOWN")}


async def test_who_waits_for_room_is_answered_at_once(database: str) -> None:
    server = await run_server("--database-url", database)
    async with Client(server.address) as quota:
        await quota.admin.set_limit(Target.namespace_default(), unit="tokens", period=Period.DAY, amount=1)
        await quota.open_hold(user="u", tokens=1)
        async with grpc.aio.insecure_channel(server.address) as channel:
            request = CheckQuotaRequest(namespace="default", subject=Subject(user="u"), amounts={"tokens": 1})
            request.wait.FromSeconds(60)
            waiting = QuotaServiceStub(channel).CheckQuota(request)
            await asyncio.sleep(UNDER_WAY)
            assert await asyncio.wait_for(server.terminate(), 10) == (0, "")
            assert (await waiting).decision.reason == RefusalReason.REFUSAL_REASON_BUSY


async def test_the_client_waits_on_at_the_server_that_comes_after(database: str) -> None:
    server = await run_server("--database-url", database)
    async with Client(server.address) as quota:
        await quota.admin.set_limit(Target.namespace_default(), unit="tokens", period=Period.DAY, amount=1)
        hold = await quota.open_hold(user="u", tokens=1)
        waiting = asyncio.create_task(quota.open_hold(user="u", tokens=1, wait=60))
        await asyncio.sleep(UNDER_WAY)
        assert await server.terminate() == (0, "")
        async with server_process("--database-url", database, listen=server.address):
            await hold.release()
            assert (await asyncio.wait_for(waiting, 20)).held


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_server_ends_at_once(database: str, number: signal.Signals) -> None:
    server = await run_server("--database-url", database)
    code, errors = await asyncio.wait_for(server.terminate(number), 10)
    assert (code, "Traceback" in errors) == (0, False)
