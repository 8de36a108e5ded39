"""Racers on three server processes and one database: some order of all calls explains every answer."""

import asyncio

import grpc
from almoner_server.store import Store

from tests.concurrency.order import Search
from tests.concurrency.proof import prove
from tests.concurrency.racing import LIMITS, Racer, change_limits, grow_tree, set_limit
from tests.concurrency.record import Recorder
from tests.support.server import server_process

RACERS = 40
ROUNDS = 8


async def test_some_order_explains_what_every_caller_was_told(database: str, store: Store) -> None:
    options = ("--database-url", database, "--log-level", "ERROR")
    async with (
        server_process(*options) as one,
        server_process(*options) as two,
        server_process(*options) as three,
        grpc.aio.insecure_channel(one.address) as first,
        grpc.aio.insecure_channel(two.address) as second,
        grpc.aio.insecure_channel(three.address) as third,
    ):
        recorder = Recorder([first, second, third])
        await race(recorder)
    order = Search(recorder.calls).order()
    assert prove(order) > RACERS, "too few were admitted for a race"
    assert (await store.upkeep.verify()).findings == ()


async def race(recorder: Recorder) -> None:
    """Set the limits, then let everybody start every round at the same moment."""
    for target, unit, amount in LIMITS:
        await set_limit(recorder, 0, target, unit, amount)
    await grow_tree(recorder)
    barrier = asyncio.Barrier(RACERS + len(LIMITS))
    racers = [Racer(recorder, barrier, number).race(ROUNDS) for number in range(1, RACERS + 1)]
    admins = [change_limits(recorder, barrier, number, ROUNDS) for number in range(len(LIMITS))]
    await asyncio.gather(*racers, *admins)
