"""A request on its way through a lane, and where its outcome goes."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Request, Result
from almoner_server.store import StoreFailed, StoreUnavailable

Outcome = Result | RequestFailed | StoreUnavailable | StoreFailed
Unheard = Callable[[Outcome], None]
Answer = TypeVar("Answer", bound=Result)


class Sink(Protocol):
    """Takes outcomes, at once: those who wait hear what a batch freed after its outcomes are delivered."""

    @property
    def gone(self) -> bool:
        """Tell whether nobody wants the outcome any more."""

    def deliver(self, slot: int, outcome: Outcome) -> None:
        """Take the outcome of the request that was numbered `slot`."""


class Call:
    """Is one request in a lane."""

    __slots__ = ("arrival", "context", "request", "sink", "slot")

    def __init__(
        self, request: Request, sink: Sink, slot: int, context: Hashable | None, arrival: float
    ) -> None:
        self.request = request
        self.sink = sink
        self.slot = slot
        self.context = context
        self.arrival = arrival


class One:
    """Takes the outcome of a single request; `unheard` hears it if the caller has gone meanwhile."""

    __slots__ = ("future", "unheard")

    def __init__(self, unheard: Unheard | None = None) -> None:
        self.future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.unheard = unheard

    @property
    def gone(self) -> bool:
        """Tell whether the caller was cancelled."""
        return self.future.done()

    def deliver(self, slot: int, outcome: Outcome) -> None:
        """Wake the caller with a result or an error."""
        del slot
        if self.gone and self.unheard is not None:
            self.unheard(outcome)
        settle(self.future, outcome)


class Many:
    """Collects the outcomes of several requests, by slot; `unheard` hears them if the caller has gone meanwhile."""

    __slots__ = ("_missing", "_outcomes", "_unheard", "future")

    def __init__(self, count: int, unheard: Callable[[int, Outcome], None]) -> None:
        self._unheard = unheard
        self.future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._outcomes: list[Outcome | None] = [None] * count
        self._missing = count

    @property
    def gone(self) -> bool:
        """Tell whether the caller was cancelled."""
        return self.future.done()

    def deliver(self, slot: int, outcome: Outcome) -> None:
        """Keep an outcome; wake the caller with the last one."""
        if self.future.cancelled():
            self._unheard(slot, outcome)
            return
        self._outcomes[slot] = outcome
        self._missing -= 1
        if not self._missing and not self.future.done():
            self.future.set_result([outcome for outcome in self._outcomes if outcome is not None])

    def leave(self) -> None:
        """Note that the caller was cancelled. What was delivered so far it has not heard either."""
        for slot, outcome in enumerate(self._outcomes):
            if outcome is not None:
                self._unheard(slot, outcome)


def settle(future: "asyncio.Future[Answer]", outcome: Answer | Exception) -> None:
    """Give a caller its outcome, unless it has gone."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
        future.exception()  # seen: a caller cancelled at this very moment will not look at it
    else:
        future.set_result(outcome)
