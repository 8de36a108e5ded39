"""Callers who keep the server busy with nothing: its memory and files stay bounded, others keep their latency."""

import asyncio
import socket
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import pytest
from almoner import Client, Period, Target, new_id
from almoner.v1 import quota_service_pb2 as quota_pb

from tests.hostile.conftest import MIB, Watched

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
HEADERS_OF_A_FRAME = b"\x00\x40\x00\x00\x00\x00\x00\x00\x01"  # announces 16 KiB of data that never come
CHECK, BATCH = "/almoner.v1.QuotaService/CheckQuota", "/almoner.v1.QuotaService/BatchCommit"
CROWD = 2_000
CALLS = 30
SLOWER = 8
"""How many times slower another caller may be: the machine's own noise is up to 4."""


async def latency(quota: Client) -> float:
    """Measure the median of a hold and its commit, in seconds."""
    took = []
    for _ in range(CALLS):
        start = time.perf_counter()
        async with quota.hold(user="somebody-else", tokens=1) as hold:
            await hold.commit(tokens=1)
        took.append(time.perf_counter() - start)
    return statistics.median(took)


@pytest.fixture
async def other(server: Watched) -> AsyncIterator[Client]:
    """Connect somebody else, who wants nothing but an answer."""
    async with Client(server.address) as quota:
        await latency(quota)
        yield quota


@asynccontextmanager
async def connections(server: Watched, count: int, sent: bytes) -> AsyncIterator[list[socket.socket]]:
    """Open connections that send so much and then nothing."""
    host, _, port = server.address.rpartition(":")
    opened = []
    try:
        for _ in range(count):
            one = socket.create_connection((host, int(port)), timeout=10)
            opened.append(one)
            if sent:
                one.sendall(sent)
            if len(opened) % 100 == 0:
                await asyncio.sleep(0)
        yield opened
    finally:
        for one in opened:
            one.close()


async def test_slow_senders_cost_little_slow_nobody_and_are_closed(server: Watched, other: Client) -> None:
    """Some never greet, some begin to, some greet and say no more, some stop within a frame."""
    alone, memory, files = await latency(other), server.memory, server.files
    quarter = CROWD // 4
    async with AsyncExitStack() as crowd:
        for sent in (b"", PREFACE[:9], PREFACE, PREFACE + SETTINGS + HEADERS_OF_A_FRAME):
            await crowd.enter_async_context(connections(server, quarter, sent))
        assert await latency(other) < SLOWER * alone
        assert server.memory - memory < 150 * MIB
        assert server.files - files <= CROWD + 10
        async with asyncio.timeout(30):
            while server.files > files + CROWD // 2:  # noqa: ASYNC110 - another process closes them
                await asyncio.sleep(0.05)
    async with asyncio.timeout(20):
        while server.files > files + 10:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_idle_streams_cost_little_and_slow_nobody(
    server: Watched, channel: grpc.aio.Channel, other: Client
) -> None:
    alone, memory = await latency(other), server.memory
    start: grpc.aio.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(CHECK)
    streams = [start(timeout=60) for _ in range(CROWD)]  # of which none sends its message
    await asyncio.gather(*(stream.wait_for_connection() for stream in streams))
    assert await latency(other) < SLOWER * alone
    assert server.memory - memory < 150 * MIB
    for stream in streams:
        stream.cancel()


async def test_waiting_callers_who_disconnect_leave_nothing(server: Watched, other: Client) -> None:
    await other.admin.set_limit(Target.user("busy"), unit="tokens", period=Period.LIFETIME, amount=1)
    hold = await other.open_hold(user="busy", tokens=1)
    alone, memory = await latency(other), server.memory
    for _ in range(2):
        async with Client(server.address) as impatient:
            waiting = [
                asyncio.create_task(impatient.open_hold(user="busy", tokens=1, wait=60)) for _ in range(300)
            ]
            await asyncio.sleep(0)
            assert await latency(other) < SLOWER * alone
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
    assert server.memory - memory < 100 * MIB
    await hold.release()
    async with asyncio.timeout(20):
        while (await other.status(user="busy")).accounts[0].open_holds:  # noqa: ASYNC110 - the server frees them
            await asyncio.sleep(0.05)
    held = await other.open_hold(user="busy", tokens=1, wait=10)
    await held.release()


async def test_who_never_settles_is_held_back_by_limits_and_freed_by_expiry(
    server: Watched, other: Client
) -> None:
    await other.admin.set_limit(
        Target.namespace_default(), unit="in_flight", period=Period.LIFETIME, amount=100
    )
    answers = await asyncio.gather(
        *(other.open_hold(user="careless", ttl=1) for _ in range(300)), return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 100
    async with asyncio.timeout(20):
        while (await other.status(user="careless")).accounts[0].open_holds:  # noqa: ASYNC110 - the server frees them
            await asyncio.sleep(0.05)


async def test_a_message_above_the_limit_is_refused_and_not_kept(
    server: Watched, channel: grpc.aio.Channel, other: Client
) -> None:
    send: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CHECK)
    alone, memory = await latency(other), server.memory
    huge = quota_pb.CheckQuotaRequest(namespace="x" * (5 * MIB)).SerializeToString()
    for _ in range(3):
        errors = await asyncio.gather(*(send(huge, timeout=30) for _ in range(4)), return_exceptions=True)
        for error in errors:
            assert isinstance(error, grpc.aio.AioRpcError)
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert str(4 * MIB) in (error.details() or "")
    assert await latency(other) < SLOWER * alone
    assert server.memory - memory < 150 * MIB


async def test_a_batch_above_the_limit_is_refused_whole_and_names_it(
    server: Watched, channel: grpc.aio.Channel
) -> None:
    async with Client(server.address) as quota:
        await quota.charge(user="u", tokens=1)
    item = quota_pb.CommitRequest(namespace="default", charge_id=new_id(), amounts={"tokens": 1})
    item.subject.user = "u-batch"
    send: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(BATCH)
    for count in (1_001, 40_000):
        batch = quota_pb.BatchCommitRequest(requests=[item] * count).SerializeToString()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(batch, timeout=30)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "1000" in (caught.value.details() or "")
    async with Client(server.address) as quota:
        (account,) = (await quota.status(user="u-batch")).accounts
        assert not any(usage.spent for usage in account.usages)
