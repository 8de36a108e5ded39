"""Who departs when, for tasks. `runtime.coalescing.blocking` has the same for threads."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from itertools import chain
from typing import Any

from almoner.runtime.coalescing.deadlines import Deadlines
from almoner.runtime.coalescing.queue import MAX_UNDER_WAY, PATIENCE, Member, Queue
from almoner.tracing import Metadata

Waiting = Member[asyncio.Future[Any]]
Carry = Callable[[Sequence[Waiting]], Coroutine[Any, Any, Sequence[Any]]]


class Trip:
    """Is one RPC under way. It counts as such until it ends, or until it takes too long."""

    def __init__(self, forget: Callable[["Trip"], None]) -> None:
        self.counts = True
        self.timer = asyncio.get_running_loop().call_later(PATIENCE, forget, self)


class Lane:
    """Lets calls of one method depart, in the order they came."""

    def __init__(self, carry: Carry) -> None:
        """Prepare; `carry` gives the answer or the error of each member of a batch."""
        self._carry = carry
        self._queue: Queue[asyncio.Future[Any]] = Queue()
        self._batches: dict[asyncio.Task[None], Sequence[Waiting]] = {}
        self._deadlines = Deadlines(self._living)
        self._under_way = 0
        self._in_company = False
        self._leaving = False

    def start_if_quiet(self) -> Trip | None:
        """Begin a trip for a call by itself, unless others are under way, wait, or are about to come.

        They are where the last ones went in company. A call then joins, and leaves with all that come in the
        same turn of the event loop.
        """
        if self._under_way or self._in_company or len(self._queue):
            return None
        return self._start()

    def _start(self) -> Trip:
        self._under_way += 1
        return Trip(self.end)

    def end(self, trip: Trip) -> None:
        """Let others go in its place. Safe to repeat."""
        if trip.counts:
            trip.counts = False
            trip.timer.cancel()
            self._under_way -= 1
            self._leave_soon()

    def join(self, request: Any, timeout: float, metadata: Metadata) -> asyncio.Future[Any]:
        """Queue for the next batch, and give what to wait on. Cancelling that is leaving."""
        promise = asyncio.get_running_loop().create_future()
        member = Member(request, promise, time.monotonic() + timeout, metadata)
        self._queue.add(member)
        self._deadlines.watch(member.deadline)
        self._leave_soon()
        return promise

    def _leave_soon(self) -> None:
        """Depart at the end of this turn of the event loop, if anybody waits and may go."""
        if not self._leaving and len(self._queue) and self._under_way < MAX_UNDER_WAY:
            self._leaving = True
            asyncio.get_running_loop().call_soon(self._depart)

    def _depart(self) -> None:
        self._leaving = False
        while len(self._queue) and self._under_way < MAX_UNDER_WAY:
            if members := self._queue.take():
                self._in_company = len(members) > 1
                task = asyncio.create_task(self._travel(members, self._start()))
                self._batches[task] = members
                task.add_done_callback(self._batches.pop)

    async def _travel(self, members: Sequence[Waiting], trip: Trip) -> None:
        """Carry them and answer each. Room is made after that: who is answered may have more to ask."""
        try:
            outcomes = await self._carry(members)
        except asyncio.CancelledError:  # the loop is shutting down
            for member in members:
                member.promise.cancel()
            raise
        else:
            for member, outcome in zip(members, outcomes, strict=True):
                _settle(member.promise, outcome)
        finally:
            self.end(trip)

    def _living(self) -> Iterable[Waiting]:
        return chain(self._queue.waiting(), *self._batches.values())

    async def let_arrive(self, hold_id: str, timeout: float) -> None:
        """Wait for the answer to the check of a hold whose caller has gone, if one is under way."""
        for task, members in self._batches.items():
            if any(one.promise.done() and one.request.hold.id == hold_id for one in members):
                await asyncio.wait({task}, timeout=timeout)
                return


def _settle(promise: asyncio.Future[Any], outcome: Any) -> None:
    """Answer, unless the caller has gone."""
    if promise.done():
        return
    if isinstance(outcome, Exception):
        promise.set_exception(outcome)
    else:
        promise.set_result(outcome)
