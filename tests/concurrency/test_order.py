"""Racers on three server processes and one database: some order of all calls explains every answer.

Promises 1, 3, 4, 6 and 7 of docs/semantics.md: users, pools, a chat tree and `in_flight`, with limits changing.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import grpc
import pytest
from almoner.v1.quota_service_pb2 import CheckQuotaResponse
from almoner_server.store import Store

from tests.concurrency.order import Search
from tests.concurrency.proof import prove
from tests.concurrency.racing import LIMITS, Racer, change_limits, grow_tree, set_limit
from tests.concurrency.record import Recorder
from tests.support.server import server_process

SERVERS = 3
RACERS = 40
ROUNDS = 20


@pytest.mark.parametrize("seed", range(3))
async def test_some_order_explains_what_every_caller_was_told(database: str, store: Store, seed: int) -> None:
    async with AsyncExitStack() as stack:
        processes = [
            server_process("--database-url", database, "--log-level", "ERROR") for _ in range(SERVERS)
        ]
        servers = await asyncio.gather(*(stack.enter_async_context(process) for process in processes))
        channels = [grpc.aio.insecure_channel(server.address) for server in servers]
        recorder = Recorder([await stack.enter_async_context(channel) for channel in channels])
        await race(recorder, seed)
    assert prove(Search(recorder.calls).order()) > RACERS, "too few were admitted for a race"
    assert (await store.upkeep.verify()).findings == ()
    assert refusing_scopes(recorder).keys() >= {1, 2, 3}, "not every kind of limit was reached"


async def race(recorder: Recorder, seed: int) -> None:
    """Set the limits, then let everybody start every round at the same moment."""
    for target, unit, amount in LIMITS:
        await set_limit(recorder, 0, target, unit, amount)
    await grow_tree(recorder)
    barrier = asyncio.Barrier(RACERS + len(LIMITS))
    racers = [Racer(recorder, barrier, number, seed).race(ROUNDS) for number in range(1, RACERS + 1)]
    admins = [change_limits(recorder, barrier, number, ROUNDS, seed) for number in range(len(LIMITS))]
    await asyncio.gather(*racers, *admins)


def refusing_scopes(recorder: Recorder) -> Counter[int]:
    """Count how often limits of each scope refused."""
    answers = [call.answer for call in recorder.calls if isinstance(call.answer, CheckQuotaResponse)]
    return Counter(int(status.scope) for answer in answers for status in answer.decision.refused_by)
