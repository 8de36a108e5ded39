"""Those who travel together, and those who wait for the next batch, in their order of arrival."""

import time
from collections import deque
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from almoner.errors import DeadlineExceeded
from almoner.tracing import Metadata, active_span
from almoner.wire.batches import MAX_BYTES

if TYPE_CHECKING:
    from opentelemetry.trace import Span

MAX_TOGETHER = 256
"""How many travel together at most. More would only wait longer for each other."""
MAX_UNDER_WAY = 2
"""How many RPCs of one method are under way before calls that arrive must queue."""
PATIENCE = 0.1
"""Seconds after which an RPC without an answer no longer makes others wait: it may be one slow user's."""


class Promise(Protocol):
    """Describes what a caller waits on, for a task or a thread."""

    def done(self) -> bool:
        """Tell whether the caller has its answer, or has gone."""


PromiseT = TypeVar("PromiseT", bound=Promise)


class Member(Generic[PromiseT]):
    """Is one call of a batch: what it sends, and who waits for the answer until when."""

    __slots__ = ("deadline", "metadata", "promise", "request", "span")

    def __init__(self, request: Any, promise: PromiseT, deadline: float, metadata: Metadata) -> None:
        self.request = request
        self.promise = promise
        self.deadline = deadline
        self.metadata = metadata
        self.span: Span | None = active_span() if metadata else None

    def seconds_left(self) -> float:
        """Tell how long the caller still waits."""
        return self.deadline - time.monotonic()


class Queue(Generic[PromiseT]):
    """Keeps those who wait for the next batch."""

    def __init__(self) -> None:
        self._members: deque[Member[PromiseT]] = deque()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, member: Member[PromiseT]) -> None:
        """Let one more wait."""
        self._members.append(member)

    def waiting(self) -> list[Member[PromiseT]]:
        """List who waits, in their order."""
        return list(self._members)

    def take(self) -> list[Member[PromiseT]]:
        """Give those who travel next, as many as fit; empty if all who waited have gone.

        A request larger than a batch may be travels alone, and its answer tells what the server thinks of it.
        """
        together: list[Member[PromiseT]] = []
        size = 0
        while self._members and len(together) < MAX_TOGETHER:
            member = self._members[0]
            if not member.promise.done():
                size += member.request.ByteSize()
                if together and size > MAX_BYTES:
                    break
                together.append(member)
            self._members.popleft()
        return together


def own_copy(error: Exception) -> Exception:
    """Copy the error of a whole batch for one of its members: each is raised, and annotated, by itself."""
    mine = copy(error)
    mine.__cause__ = error
    return mine


def too_late() -> DeadlineExceeded:
    """Make the error of a call whose time ran out while its batch had no answer, in the words of gRPC."""
    return DeadlineExceeded("Deadline Exceeded")
