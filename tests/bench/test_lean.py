"""The generator's own HTTP/2 gets the answers that gRPC's client gets."""

import asyncio

import pytest
from almoner import new_id
from almoner.v1 import quota_service_pb2 as quota

from bench.load.lean import CallFailed, lean_channel
from bench.servers import BATCH_CHECK, CHECK, COMMIT
from bench.traffic import Traffic, Wire
from tests.support.server import authority


async def test_calls_of_many_tasks_are_answered_each_with_its_own(database: str) -> None:
    wire = Wire(Traffic(users=10))
    async with authority(database) as server, lean_channel(server.address) as channel:
        check, commit = channel.unary_unary(CHECK), channel.unary_unary(COMMIT)

        async def lifecycle(number: int) -> None:
            hold_id = new_id()
            answer = quota.CheckQuotaResponse.FromString(await check(wire.check(number, hold_id.encode())))
            assert answer.hold_id == hold_id
            booked = quota.CommitResponse.FromString(await commit(wire.commit(hold_id.encode())))
            assert booked.charge.id == hold_id

        await asyncio.gather(
            *(lifecycle(number) for number in range(1000))
        )  # several windows' worth of bytes


async def test_a_call_that_fails_says_so_and_leaves_the_connection_usable(database: str) -> None:
    wire = Wire(Traffic(users=10))
    async with authority(database) as server, lean_channel(server.address) as channel:
        with pytest.raises(CallFailed, match="namespace"):
            await channel.unary_unary(CHECK)(b"")
        with pytest.raises(CallFailed, match="over the 16384 of one frame"):
            await channel.unary_unary(BATCH_CHECK)(wire.checks(0, [new_id().encode()] * 500))
        assert await channel.unary_unary(CHECK)(wire.check(0, new_id().encode()))


async def test_calls_under_way_fail_when_the_connection_goes(database: str) -> None:
    async with authority(database) as server, lean_channel(server.address) as channel:
        pending = asyncio.ensure_future(channel.unary_unary(CHECK)(b""))
        channel.close()
        with pytest.raises(CallFailed):
            await pending
