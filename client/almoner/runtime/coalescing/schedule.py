"""Who waits, who is under way with whom, and who may leave next: the same for tasks and for threads."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from almoner.errors import DeadlineExceeded
from almoner.tracing import Metadata, active_span
from almoner.wire.batches import MAX_BYTES

if TYPE_CHECKING:
    from opentelemetry.trace import Span

MAX_TOGETHER = 96
"""How many travel together at most. With more, the client idles while the server works, and the other way round."""
UNDER_WAY = 2
"""How many RPCs of one method are under way before calls that arrive must queue."""
MAX_UNDER_WAY = 4
"""How many are where ENOUGH queue for each further one: then client, server and database all have work."""
ENOUGH = 48
"""Calls for which one more RPC is worth its cost."""
PATIENCE = 0.1
"""Seconds after which an RPC without an answer no longer makes others wait: it may be one slow user's."""


class Promise(Protocol):
    """Describes what a caller waits on, for a task or a thread."""

    def done(self) -> bool:
        """Tell whether the caller has its answer, or has gone."""


PromiseT = TypeVar("PromiseT", bound=Promise)


class Member(Generic[PromiseT]):
    """Is one call: what it sends, and who waits for the answer until when."""

    __slots__ = ("deadline", "metadata", "promise", "request", "span")

    def __init__(self, request: Any, promise: PromiseT, timeout: float, metadata: Metadata) -> None:
        self.request = request
        self.promise = promise
        self.deadline = time.monotonic() + timeout
        self.metadata = metadata
        self.span: Span | None = active_span() if metadata else None

    def seconds_left(self) -> float:
        """Tell how long the caller still waits."""
        return self.deadline - time.monotonic()


class Trip(Generic[PromiseT]):
    """Is one RPC under way, with those it carries; none are listed for a call that goes by itself."""

    __slots__ = ("members", "start")

    def __init__(self, members: Sequence[Member[PromiseT]]) -> None:
        self.members = members
        self.start = time.monotonic()


class Schedule(Generic[PromiseT]):
    """Lets calls of one method leave in the order they came."""

    def __init__(self) -> None:
        self._waiting: deque[Member[PromiseT]] = deque()
        self._trips: set[Trip[PromiseT]] = set()

    @property
    def quiet(self) -> bool:
        """Tell whether nobody is under way and nobody waits."""
        return not self._trips and not self._waiting

    @property
    def waiting(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._waiting)

    @property
    def room(self) -> bool:
        """Tell whether another RPC may leave. One that takes too long does not count."""
        most = UNDER_WAY if len(self._waiting) < ENOUGH else MAX_UNDER_WAY
        if len(self._trips) < most:
            return True
        recent = time.monotonic() - PATIENCE
        return sum(trip.start > recent for trip in self._trips) < most

    def add(self, member: Member[PromiseT]) -> None:
        """Let one more wait."""
        self._waiting.append(member)

    def start(self, members: Sequence[Member[PromiseT]] = ()) -> Trip[PromiseT]:
        """Begin a trip."""
        trip = Trip(members)
        self._trips.add(trip)
        return trip

    def depart(self) -> Trip[PromiseT] | None:
        """Begin a trip with those who wait, as many as fit; None if nobody waits or there is no room."""
        members = self._take() if self._waiting and self.room else []
        return self.start(members) if members else None

    def end(self, trip: Trip[PromiseT]) -> None:
        """Forget a trip."""
        self._trips.discard(trip)

    def under_way(self, trip: Trip[PromiseT]) -> bool:
        """Tell whether a trip has not ended."""
        return trip in self._trips

    def members(self) -> Iterator[Member[PromiseT]]:
        """List all who wait or are under way in company."""
        return chain(*(trip.members for trip in self._trips), self._waiting)

    def left_behind(self, hold_id: str) -> Trip[PromiseT] | None:
        """Find the trip that still carries the check of a hold whose caller has gone."""
        for trip in self._trips:
            if any(one.promise.done() and one.request.hold.id == hold_id for one in trip.members):
                return trip
        return None

    def _take(self) -> list[Member[PromiseT]]:
        """Take the next ones out, but not who has gone.

        A request larger than a batch may be travels alone, and its answer tells what the server thinks of it.
        """
        together: list[Member[PromiseT]] = []
        size = 0
        while self._waiting and len(together) < MAX_TOGETHER:
            member = self._waiting[0]
            if not member.promise.done():
                size += member.request.ByteSize()
                if together and size > MAX_BYTES:
                    break
                together.append(member)
            self._waiting.popleft()
        return together


def own_copy(error: Exception) -> Exception:
    """Copy the error of a whole batch for one of its members: each is raised, and annotated, by itself."""
    mine = copy(error)
    mine.__cause__ = error
    return mine


def too_late() -> DeadlineExceeded:
    """Make the error of a call whose time ran out while its batch had no answer, in the words of gRPC."""
    return DeadlineExceeded("Deadline Exceeded")
