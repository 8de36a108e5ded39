"""Who departs when, for threads. `runtime.coalescing.asynchronous` has the same for tasks."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from almoner.runtime.coalescing.queue import MAX_UNDER_WAY, PATIENCE, Member, Queue, too_late
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


Waiting = Member[Promise]
Carry = Callable[[Sequence[Waiting]], Sequence[Any]]


class Trip:
    """Is one RPC under way. It counts as such until it ends, or until it takes too long."""

    def __init__(self, members: Sequence[Waiting] = ()) -> None:
        self.members = members
        self.start = time.monotonic()
        self.ended = threading.Event()


class Lane:
    """Lets calls of one method depart, in the order they came."""

    def __init__(self, carry: Carry) -> None:
        """Prepare; `carry` gives the answer or the error of each member of a batch."""
        self._carry = carry
        self._lock = threading.Lock()
        self._queue: Queue[Promise] = Queue()
        self._trips: set[Trip] = set()

    def start_if_quiet(self) -> Trip | None:
        """Begin a trip for a call by itself, unless others are under way or wait."""
        with self._lock:
            if self._trips or len(self._queue):
                return None
            return self._start(())

    def _start(self, members: Sequence[Waiting]) -> Trip:
        trip = Trip(members)
        self._trips.add(trip)
        return trip

    def end(self, trip: Trip) -> None:
        """Let others go in its place."""
        with self._lock:
            self._trips.discard(trip)
        trip.ended.set()
        self._depart()

    def join(self, request: Any, timeout: float, metadata: Metadata) -> Any:
        """Travel with the next batch, and give the answer.

        Looks from time to time whether an RPC under way has taken too long to wait for.
        """
        promise = Promise()
        member = Member(request, promise, time.monotonic() + timeout, metadata)
        with self._lock:
            self._queue.add(member)
        try:
            self._depart()
            while not promise.wait(min(PATIENCE, max(0.0, member.seconds_left()))):
                if member.seconds_left() <= 0:
                    raise too_late()
                self._depart()
        except BaseException:
            promise.settle(None)
            raise
        return promise.result()

    def _depart(self) -> None:
        while (trip := self._next_trip()) is not None:
            threading.Thread(target=self._travel, args=(trip,), name="almoner-batch", daemon=True).start()

    def _next_trip(self) -> Trip | None:
        with self._lock:
            recent = time.monotonic() - PATIENCE
            under_way = sum(trip.start > recent for trip in self._trips)
            members = self._queue.take() if under_way < MAX_UNDER_WAY else []
            return self._start(members) if members else None

    def _travel(self, trip: Trip) -> None:
        try:
            for member, outcome in zip(trip.members, self._carry(trip.members), strict=True):
                if not member.promise.done():
                    member.promise.settle(outcome)
        finally:
            self.end(trip)

    def let_arrive(self, hold_id: str, timeout: float) -> None:
        """Wait for the answer to the check of a hold whose caller has gone, if one is under way."""
        with self._lock:
            trips = list(self._trips)
        for trip in trips:
            if any(one.promise.done() and one.request.hold.id == hold_id for one in trip.members):
                trip.ended.wait(timeout)
                return
