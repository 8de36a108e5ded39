"""A lane: one transaction at a time, and a queue of those who go next.

While a transaction is under way, calls that arrive form the next batch. A lone call goes at once; only where
batches are large anyway does the next one wait a moment for company.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from almoner_server.core.records import AccountKey
from almoner_server.engine.calls import Call
from almoner_server.engine.crossing import ENOUGH, Crossing
from almoner_server.engine.errors import overloaded, shutting_down
from almoner_server.engine.gathering import Gathering
from almoner_server.engine.options import EngineOptions
from almoner_server.engine.retry import Carrier
from almoner_server.store import StoreFailed, StoreUnavailable

logger = logging.getLogger(__name__)


class Lane:
    """Carries out calls as they came, in batches. `freed` hears on which accounts a batch made room."""

    def __init__(
        self,
        carrier: Carrier,
        options: EngineOptions,
        crossing: Crossing,
        freed: Callable[[Iterable[AccountKey]], None],
    ) -> None:
        self._carrier = carrier
        self._max_batch = options.max_batch
        self._max_queued = options.max_queued
        self._freed = freed
        self._crossing = crossing
        self._queue: deque[Call] = deque()
        self._under_way: list[Call] = []
        self._gathering = Gathering()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._worker = asyncio.create_task(self._work(), name="almoner-engine-lane")

    @property
    def queued(self) -> int:
        """Count the calls that wait for their batch."""
        return len(self._queue)

    def load(self) -> int:
        """Count the calls that were taken and have no outcome yet."""
        return len(self._queue) + len(self._under_way)

    @property
    def is_idle(self) -> bool:
        """Tell whether every call that was taken has its outcome."""
        return self._idle.is_set()

    def add(self, call: Call) -> None:
        """Queue a call. Raises RequestFailed (OVERLOADED) if the lane is full."""
        if len(self._queue) >= self._max_queued:
            raise overloaded(self._max_queued)
        self._enqueue((call,))

    def add_many(self, calls: Sequence[Call]) -> None:
        """Queue calls. The outcome of those for which the lane is too full is OVERLOADED."""
        room = max(0, self._max_queued - len(self._queue))
        self._enqueue(calls[:room])
        for call in calls[room:]:
            call.sink.deliver(call.slot, overloaded(self._max_queued))

    async def idle(self) -> None:
        """Wait until every call that was taken has its outcome."""
        await self._idle.wait()

    async def close(self) -> None:
        """Stop at once; calls without an outcome hear that the server shuts down."""
        self._worker.cancel()
        await asyncio.wait([self._worker])
        left, self._under_way = [*self._under_way, *self._queue], []
        self._queue.clear()
        for call in left:
            call.sink.deliver(call.slot, shutting_down())
        self._idle.set()

    def _enqueue(self, calls: Sequence[Call]) -> None:
        before = len(self._queue)
        self._queue.extend(calls)
        self._gathering.arrived(len(self._queue))
        if before < ENOUGH <= len(self._queue):
            self._crossing.look()
        self._idle.clear()
        self._arrived.set()

    async def _work(self) -> None:
        while True:
            await self._crossing.clear_for(self._queue)
            await self._company()
            self._under_way = self._next_batch()
            if self._under_way:
                carried = len(self._under_way)
                with self._crossing.taken():
                    await self._carry_out(self._under_way)
                self._gathering.carried(carried, len(self._queue))
            else:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()

    async def _company(self) -> None:
        """Let calls in that have arrived already, for as long as each turn of the event loop brings more.

        Under load, also those who are about to arrive.
        """
        queued = 0
        while queued < len(self._queue) < self._max_batch:
            queued = len(self._queue)
            await asyncio.sleep(0)
        await self._gathering.gather(self._queue)

    def _next_batch(self) -> list[Call]:
        queue = self._queue
        batch: list[Call] = []
        while queue and len(batch) < self._max_batch:
            call = queue.popleft()
            if not call.sink.gone:
                batch.append(call)
        return batch

    async def _carry_out(self, batch: Sequence[Call]) -> None:
        try:
            outcome = await self._carrier.carry_out(batch)
        except StoreUnavailable as error:
            self._fail(batch, StoreUnavailable, error)
        except Exception as error:  # a bug, but no reason to leave callers without an answer
            logger.exception("a batch failed in an unforeseen way")
            self._fail(batch, StoreFailed, error)
        else:
            self._under_way = []
            for call, result in zip(batch, outcome.results, strict=True):
                call.sink.deliver(call.slot, result)
            self._freed(outcome.freed)

    def _fail(
        self, batch: Sequence[Call], kind: type[StoreUnavailable | StoreFailed], error: Exception
    ) -> None:
        self._under_way = []
        for call in batch:
            failure = kind(str(error))  # each caller raises one of its own
            failure.__cause__ = error
            call.sink.deliver(call.slot, failure)
