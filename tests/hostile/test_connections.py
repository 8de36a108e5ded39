"""Connections and streams of those who want nothing are bounded: beyond, they are turned away, and nobody else is."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import grpc
import pytest
from almoner import Client
from almoner.v1 import quota_service_pb2 as quota_pb
from almoner_server.rpc.bounds import MAX_WATCHES
from almoner_server.rpc.connections import RESERVED_FILES
from grpc_health.v1.health_pb2 import HealthCheckRequest

from tests.hostile.conftest import MIB, Watched
from tests.hostile.test_crowds import CHECK, PREFACE, SETTINGS, SLOWER, connections, latency, other
from tests.support.server import ALMONER, server_process

__all__ = ["other"]
BURST = 5_000
FILES = 700
WITH_SO_MANY_FILES = ("sh", "-c", f'ulimit -n {FILES}; exec "$@"', "sh", *ALMONER)
WATCH = "/grpc.health.v1.Health/Watch"


@pytest.fixture
async def confined(database: str) -> AsyncIterator[Watched]:
    """Run a server that may open few files."""
    async with server_process("--database-url", database, program=WITH_SO_MANY_FILES) as process:
        yield Watched(process)


async def gone(connection: socket.socket) -> bool:
    """Tell whether the server has hung up: it says something at once to whoever greets it, and then nothing."""
    connection.settimeout(1)
    try:
        while await asyncio.to_thread(connection.recv, 1 << 16):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="counts files in /proc")
async def test_connections_that_are_too_many_are_closed_and_those_before_go_on(confined: Watched) -> None:
    async with Client(confined.address) as before:
        await before.charge(user="before", tokens=1)
        async with connections(confined, FILES, PREFACE + SETTINGS) as opened:
            assert await gone(opened[-1])
            assert confined.files < FILES - RESERVED_FILES + 100
            await before.charge(user="before", tokens=1)
        async with asyncio.timeout(30), Client(confined.address) as after:
            await after.charge(user="after", tokens=1)


async def test_who_watches_the_health_in_great_numbers_keeps_nobody_out(
    server: Watched, channel: grpc.aio.Channel, other: Client
) -> None:
    alone, memory = await latency(other), server.memory
    watch: grpc.aio.UnaryStreamMultiCallable[HealthCheckRequest, bytes] = channel.unary_stream(
        WATCH, request_serializer=HealthCheckRequest.SerializeToString
    )
    watching = [watch(HealthCheckRequest(), timeout=120) for _ in range(MAX_WATCHES)]
    assert grpc.aio.EOF not in await asyncio.gather(*(stream.read() for stream in watching))
    refused = watch(HealthCheckRequest(), timeout=120)
    assert await refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"{MAX_WATCHES} calls" in (await refused.details())
    assert await latency(other) < SLOWER * alone
    assert server.memory - memory < 300 * MIB
    for stream in watching:
        stream.cancel()


async def test_of_a_burst_every_call_is_answered(server: Watched, channel: grpc.aio.Channel) -> None:
    request = quota_pb.CheckQuotaRequest(namespace="default", amounts={"tokens": 1})
    request.subject.user = "u-1"
    send: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CHECK)
    raw = request.SerializeToString()
    answers = await asyncio.gather(*(send(raw, timeout=60) for _ in range(BURST)))
    assert all(quota_pb.CheckQuotaResponse.FromString(answer).decision.allowed for answer in answers)
