"""A message that does not arrive is waited for with patience, which a busy server does not lose."""

import asyncio
import gc
import sys
import weakref
from collections.abc import Iterable
from typing import Any, cast

import grpc
import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.rpc.arrivals import LATE, MAX_LATE, PATIENCE, Arrivals


class Context:
    """Is a call whose message arrives when it is told to."""

    def __init__(self) -> None:
        self.message = asyncio.get_running_loop().create_future()

    async def read(self) -> object:
        return await self.message


def reading(arrivals: Arrivals, contexts: Iterable[Context]) -> list["asyncio.Task[bytes]"]:
    return [asyncio.create_task(arrivals.read(cast("Any", context))) for context in contexts]


async def look(arrivals: Arrivals, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)
        arrivals.look()
    await asyncio.sleep(0)


async def test_a_message_may_take_its_time_and_no_longer() -> None:
    arrivals, context, forgotten = Arrivals(sys.maxsize), Context(), Context()
    task, too_late = reading(arrivals, [context, forgotten])
    await look(arrivals, PATIENCE)
    context.message.set_result(b"at last")
    assert await task == b"at last"
    await look(arrivals, 1)
    with pytest.raises(RequestFailed, match="has not arrived within 10 s") as caught:
        await too_late
    assert (caught.value.status, caught.value.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")


async def test_a_call_whose_message_has_arrived_is_late_no_more() -> None:
    arrivals, context, answered = Arrivals(sys.maxsize), Context(), asyncio.Event()

    async def call() -> bytes:
        message = await arrivals.read(cast("Any", context))
        await answered.wait()
        return message

    task = asyncio.create_task(call())
    context.message.set_result(b"in time")
    await look(arrivals, PATIENCE + 2)
    answered.set()
    assert await task == b"in time"


async def test_nothing_is_kept_of_a_call_that_was_ended() -> None:
    arrivals = Arrivals(sys.maxsize)
    (task,) = reading(arrivals, [Context()])
    await look(arrivals, PATIENCE + 2)
    with pytest.raises(RequestFailed):
        await task
    ended = weakref.ref(task)
    del task
    gc.collect()
    assert ended() is None


async def test_of_too_many_that_are_late_the_oldest_are_ended() -> None:
    arrivals = Arrivals(sys.maxsize)
    old = reading(arrivals, [Context() for _ in range(3)])
    await look(arrivals, 1)
    young = reading(arrivals, [Context() for _ in range(MAX_LATE - 1)])
    await look(arrivals, LATE + 1)
    assert [task.done() for task in old] == [True, True, False]
    assert not any(task.done() for task in young)
    await asyncio.gather(*old[:2], return_exceptions=True)
    for task in (*old, *young):
        task.cancel()


async def test_who_cancels_a_call_that_has_not_arrived_is_not_told_that_it_was_slow() -> None:
    (task,) = reading(Arrivals(sys.maxsize), [Context()])
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_call_that_ends_without_its_message_is_malformed() -> None:
    context = Context()
    context.message.set_result(grpc.aio.EOF)
    with pytest.raises(RequestFailed, match="without its message"):
        await Arrivals(sys.maxsize).read(cast("Any", context))


async def test_without_memory_nothing_is_read_and_what_is_on_its_way_is_ended() -> None:
    arrivals = Arrivals(max_memory=1)
    (waiting,) = reading(arrivals, [Context()])
    await look(arrivals, 2)
    with pytest.raises(RequestFailed, match="used up its 1 bytes of memory") as caught:
        await waiting
    assert (caught.value.status, caught.value.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    with pytest.raises(RequestFailed, match="used up"):
        await arrivals.read(cast("Any", Context()))
