"""Who departs when, for threads. `runtime.coalescing.asynchronous` has the same for tasks."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from almoner.runtime.coalescing import schedule
from almoner.tracing import Metadata


class Promise:
    """Is what a thread waits on."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._outcome: Any = None

    def done(self) -> bool:
        """Tell whether the thread has its answer, or has gone."""
        return self._done.is_set()

    def settle(self, outcome: Any) -> None:
        """Give the answer or the error. One who has gone hears of neither."""
        self._outcome = outcome
        self._done.set()

    def wait(self, seconds: float) -> bool:
        """Wait; tell whether there is an outcome."""
        return self._done.wait(seconds)

    def result(self) -> Any:
        """Give the answer, or raise the error."""
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


Member = schedule.Member[Promise]
Trip = schedule.Trip[Promise]
Carry = Callable[[Sequence[Member]], Sequence[Any]]


class Lane:
    """Lets calls of one method depart. Each batch has a thread of its own, so that no caller's time is taken."""

    def __init__(self, carry: Carry) -> None:
        """Prepare; `carry` gives the answer or the error of each member of a batch."""
        self._carry = carry
        self._schedule: schedule.Schedule[Promise] = schedule.Schedule()
        self._changing = threading.Condition()

    def start_if_quiet(self) -> Trip | None:
        """Begin a trip for a call by itself, unless others are under way or wait."""
        with self._changing:
            return self._schedule.start() if self._schedule.quiet else None

    def end(self, trip: Trip) -> None:
        """Let others go in its place."""
        with self._changing:
            self._schedule.end(trip)
            self._changing.notify_all()
        self._depart()

    def join(self, request: Any, timeout: float, metadata: Metadata) -> Any:
        """Travel with the next batch, and give the answer.

        Looks from time to time whether an RPC under way has taken too long to wait for.
        """
        member = schedule.Member(request, Promise(), timeout, metadata)
        with self._changing:
            self._schedule.add(member)
        try:
            self._depart()
            while not member.promise.wait(min(schedule.PATIENCE, max(0.0, member.seconds_left()))):
                if member.seconds_left() <= 0:
                    raise schedule.too_late()
                self._depart()
        except BaseException:
            member.promise.settle(None)
            raise
        return member.promise.result()

    def _depart(self) -> None:
        while (trip := self._next()) is not None:
            threading.Thread(target=self._travel, args=(trip,), name="almoner-batch", daemon=True).start()

    def _next(self) -> Trip | None:
        with self._changing:
            return self._schedule.depart()

    def _travel(self, trip: Trip) -> None:
        try:
            for member, outcome in zip(trip.members, self._carry(trip.members), strict=True):
                if not member.promise.done():
                    member.promise.settle(outcome)
        finally:
            self.end(trip)

    def let_arrive(self, hold_id: str, timeout: float) -> None:
        """Wait for the answer to the check of a hold whose caller has gone, if one is under way."""
        with self._changing:
            trip = self._schedule.left_behind(hold_id)
            if trip is not None:
                self._changing.wait_for(lambda: not self._schedule.under_way(trip), timeout)
