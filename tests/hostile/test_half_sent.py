"""Messages that never arrive whole lie in gRPC's memory: those calls are ended, however they are addressed."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest
from almoner import Client, Overloaded, RetryPolicy
from almoner_server.rpc.arrivals import MAX_LATE
from almoner_server.rpc.bounds import MAX_CONVERSATIONS

from tests.hostile.conftest import MIB, Watched
from tests.hostile.half_sent import HalfSent
from tests.hostile.test_crowds import CHECK, SLOWER, latency, other
from tests.support.server import server_process

__all__ = ["other"]
SERVER_STREAMS = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
TOO_MANY = 36
LITTLE = 160
"""MiB, of which a server needs less than half."""
RESOURCE_EXHAUSTED = str(grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])


async def turn_until(sender: HalfSent, ended: int, seconds: float) -> float:
    """Go on until so many calls were ended; returns how long it took, in seconds."""
    start = time.monotonic()
    while len(sender.statuses) < ended or not sender.all_sent:
        assert time.monotonic() < start + seconds, f"{len(sender.statuses)} of {ended} are ended"
        await asyncio.to_thread(sender.turn)
    return time.monotonic() - start


@pytest.mark.parametrize("path", [CHECK, "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"])
async def test_messages_that_stop_short_are_held_for_seconds_only(
    server: Watched, other: Client, path: str
) -> None:
    alone, memory = await latency(other), server.memory
    sender = HalfSent(server.address)
    try:
        for _ in range(MAX_LATE + TOO_MANY):
            sender.call(path, 4 * MIB - 1, 4 * MIB - 100)
        await turn_until(sender, TOO_MANY, 15)
        assert await latency(other) < SLOWER * alone
        assert server.memory - memory < (MAX_LATE + TOO_MANY) * 4 * MIB + 100 * MIB
        await turn_until(sender, MAX_LATE + TOO_MANY, 20)
        assert set(sender.statuses.values()) == {RESOURCE_EXHAUSTED}
    finally:
        sender.close()
    assert await latency(other) < SLOWER * alone


@pytest.fixture
async def small(database: str) -> AsyncIterator[Watched]:
    """Run a server that may have little memory."""
    async with server_process("--database-url", database, "--max-memory", str(LITTLE)) as process:
        yield Watched(process)


async def test_a_process_that_has_too_much_memory_turns_calls_away_until_it_is_free(small: Watched) -> None:
    sender = HalfSent(small.address)
    async with Client(small.address, retry=RetryPolicy(attempts=1)) as other:
        await other.charge(user="u-1", tokens=1)
        try:
            for _ in range(MAX_LATE):
                sender.call(CHECK, 4 * MIB - 1, 4 * MIB - 100)
            await turn_until(sender, MAX_LATE, 5)  # long before they would be by themselves
            assert set(sender.statuses.values()) == {RESOURCE_EXHAUSTED}
        finally:
            sender.close()
        async with asyncio.timeout(20):
            while await turned_away(other):
                pass
    assert small.memory < LITTLE * MIB


async def turned_away(other: Client) -> bool:
    """Tell whether a call is turned away for want of memory."""
    try:
        await other.charge(user="u-1", tokens=1)
    except Overloaded as error:
        return "bytes of memory" in str(error)
    return False


async def answers(stream: "grpc.aio.StreamStreamCall[bytes, bytes]") -> bool:
    """Ask for the services, and tell whether they are named."""
    try:
        await stream.write(b"\x3a\x01*")
        return await stream.read() is not grpc.aio.EOF
    except grpc.aio.AioRpcError:
        return False


async def test_conversations_with_reflection_are_few(server: Watched, channel: grpc.aio.Channel) -> None:
    converse: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(SERVER_STREAMS)
    streams = [converse(timeout=60) for _ in range(MAX_CONVERSATIONS)]
    assert all([await answers(stream) for stream in streams])
    refused = converse(timeout=60)
    assert await refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"{MAX_CONVERSATIONS} calls" in (await refused.details())
    streams[0].cancel()
    async with asyncio.timeout(20):
        while not await answers(converse(timeout=60)):
            pass


async def test_a_call_without_its_message_is_told_so(server: Watched, channel: grpc.aio.Channel) -> None:
    send: grpc.aio.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(CHECK)
    stream = send(timeout=30)
    await stream.done_writing()
    with pytest.raises(grpc.aio.AioRpcError, match="without its message") as caught:
        await stream
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
