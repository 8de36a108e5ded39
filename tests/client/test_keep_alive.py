"""A hold of 100 ms stands for one of 10 minutes: the client's pauses scale with it."""

import asyncio
import logging

import grpc
import pytest
from almoner import AlmonerError, Client, FailedPrecondition, InternalError, Unavailable
from almoner.v1 import quota_service_pb2 as pb

from tests.client.script import EXPIRE_TIME, SETTLED, UNAVAILABLE, Failure, ScriptedServer, extended

TTL = 0.1


async def until_extended(server: ScriptedServer, times: int) -> None:
    async with asyncio.timeout(10):
        while len(server.sent("Extend")) < times:  # noqa: ASYNC110 - the server runs in other threads
            await asyncio.sleep(0.002)


async def test_a_long_call_keeps_its_hold_alive(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        await until_extended(server, 3)
        assert hold.expire_time is not None
        assert hold.expire_time > EXPIRE_TIME
        await hold.commit(tokens=1)
    extensions = server.sent("Extend")
    assert {request.hold_id for request in extensions} == {hold.id}
    assert {request.ttl.ToMilliseconds() for request in extensions} == {100}
    assert not any(request.amounts for request in extensions)


async def test_it_ends_with_the_block(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        await until_extended(server, 1)
        await hold.release()
    count = len(server.sent("Extend"))
    await asyncio.sleep(TTL)
    assert len(server.sent("Extend")) <= count + 1  # one may have been on its way


async def test_it_ends_with_the_block_also_where_the_hold_is_left_to_its_expiry(
    server: ScriptedServer, quota: Client
) -> None:
    server.script("Commit", *[UNAVAILABLE] * 20)
    with pytest.raises(Unavailable):
        async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
            await hold.commit(tokens=1)
    count = len(server.sent("Extend"))
    await asyncio.sleep(TTL)
    assert len(server.sent("Extend")) <= count + 1  # one may have been on its way


async def test_it_ends_with_the_commit_even_if_the_block_goes_on(
    server: ScriptedServer, quota: Client
) -> None:
    async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        await hold.commit(tokens=1)
        count = len(server.sent("Extend"))
        await asyncio.sleep(TTL)
    assert len(server.sent("Extend")) <= count + 1  # one may have been on its way


async def test_it_can_be_switched_off(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(user="u-17", tokens=1, ttl=TTL, keep_alive=False) as hold:
        await asyncio.sleep(TTL)
        await hold.commit(tokens=1)
    assert not server.sent("Extend")


async def test_a_longer_time_to_live_is_kept_from_then_on(server: ScriptedServer, quota: Client) -> None:
    async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        await hold.extend(ttl=0.2)
        await until_extended(server, 3)
        await hold.commit(tokens=1)
    assert [request.ttl.ToMilliseconds() for request in server.sent("Extend")[-2:]] == [200, 200]


async def test_a_server_that_is_away_for_a_while_does_not_end_it(
    server: ScriptedServer, quota: Client, caplog: pytest.LogCaptureFixture
) -> None:
    internal = Failure(grpc.StatusCode.INTERNAL, reason="INTERNAL")
    seen: list[AlmonerError | None] = []

    def look(request: pb.ExtendRequest, _: object) -> pb.ExtendResponse:
        seen.append(hold.keep_alive_error)
        return extended(request)

    server.script("Extend", UNAVAILABLE, internal, look)
    with caplog.at_level(logging.WARNING, "almoner"):
        async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
            await until_extended(server, 4)
            await hold.commit(tokens=1)
    assert isinstance(seen[0], InternalError)
    assert hold.keep_alive_error is None
    assert hold.id in caplog.text


async def test_a_hold_that_has_ended_is_told_and_the_commit_still_books(
    server: ScriptedServer, quota: Client
) -> None:
    server.script("Extend", SETTLED)
    async with quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        await until_extended(server, 1)
        await asyncio.sleep(TTL)
        assert isinstance(hold.keep_alive_error, FailedPrecondition)
        await hold.commit(tokens=1)
    assert len(server.sent("Extend")) == 1
    assert len(server.sent("Commit")) == 1
