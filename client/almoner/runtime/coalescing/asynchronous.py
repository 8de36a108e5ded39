"""Who departs when, for tasks. `runtime.coalescing.blocking` has the same for threads."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from almoner.runtime.coalescing import schedule
from almoner.runtime.coalescing.deadlines import Deadlines
from almoner.tracing import Metadata

Promise = asyncio.Future[Any]
Member = schedule.Member[Promise]
Trip = schedule.Trip[Promise]
Carry = Callable[[Sequence[Member]], Coroutine[Any, Any, Sequence[Any]]]


class Lane:
    """Lets calls of one method depart. All of it happens in the event loop, so nothing needs a lock."""

    def __init__(self, carry: Carry) -> None:
        """Prepare; `carry` gives the answer or the error of each member of a batch."""
        self._carry = carry
        self._schedule: schedule.Schedule[Promise] = schedule.Schedule()
        self._deadlines = Deadlines(self._schedule.members)
        self._tasks: dict[Trip, asyncio.Task[None]] = {}
        self._in_company = False
        self._leaving = False
        self._watch: asyncio.TimerHandle | None = None

    def start_if_quiet(self) -> Trip | None:
        """Begin a trip for a call by itself, unless others are under way, wait, or are about to come.

        They are where the last ones went in company. A call then joins, and leaves with all that come in the
        same turn of the event loop.
        """
        return self._schedule.start() if self._schedule.quiet and not self._in_company else None

    def end(self, trip: Trip) -> None:
        """Let others go in its place."""
        self._schedule.end(trip)
        self._leave_soon()

    def join(self, request: Any, timeout: float, metadata: Metadata) -> Promise:
        """Queue for the next batch, and give what to wait on. Cancelling that is leaving."""
        promise = asyncio.get_running_loop().create_future()
        member = schedule.Member(request, promise, timeout, metadata)
        self._schedule.add(member)
        self._deadlines.watch(member.deadline)
        self._leave_soon()
        return promise

    def _leave_soon(self) -> None:
        """Depart at the end of this turn of the event loop, or look again later if there is no room."""
        if self._leaving or not self._schedule.waiting:
            return
        if self._schedule.room:
            self._leaving = True
            asyncio.get_running_loop().call_soon(self._depart)
        elif self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(schedule.PATIENCE, self._look_again)

    def _look_again(self) -> None:
        self._watch = None
        self._leave_soon()

    def _depart(self) -> None:
        self._leaving = False
        while (trip := self._schedule.depart()) is not None:
            self._in_company = len(trip.members) > 1
            self._tasks[trip] = asyncio.create_task(self._travel(trip))
        self._leave_soon()

    async def _travel(self, trip: Trip) -> None:
        """Carry them and answer each. Room is made after that: who is answered may have more to ask."""
        try:
            outcomes = await self._carry(trip.members)
        except asyncio.CancelledError:  # the loop is shutting down
            for member in trip.members:
                member.promise.cancel()
            raise
        else:
            for member, outcome in zip(trip.members, outcomes, strict=True):
                _settle(member.promise, outcome)
        finally:
            del self._tasks[trip]
            self.end(trip)

    async def let_arrive(self, hold_id: str, timeout: float) -> None:
        """Wait for the answer to the check of a hold whose caller has gone, if one is under way."""
        trip = self._schedule.left_behind(hold_id)
        if trip is not None:
            await asyncio.wait({self._tasks[trip]}, timeout=timeout)


def _settle(promise: Promise, outcome: Any) -> None:
    """Answer, unless the caller has gone."""
    if promise.done():
        return
    if isinstance(outcome, Exception):
        promise.set_exception(outcome)
    else:
        promise.set_result(outcome)
