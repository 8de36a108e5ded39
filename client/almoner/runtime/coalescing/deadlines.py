"""One alarm for the deadlines of many calls: nearly all are answered long before, and a timer each costs."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from almoner.runtime.coalescing.schedule import Member, too_late

Living = Callable[[], Iterable[Member[asyncio.Future[Any]]]]


class Deadlines:
    """Fails each call when its own time is over, whatever becomes of the batch it is in."""

    def __init__(self, living: Living) -> None:
        """Prepare; `living` lists every call that has no answer yet."""
        self._living = living
        self._next = math.inf
        self._alarm: asyncio.TimerHandle | None = None

    def watch(self, deadline: float) -> None:
        """Ring at this time of the monotonic clock, if not before."""
        if deadline < self._next:
            if self._alarm is not None:
                self._alarm.cancel()
            self._next = deadline
            self._alarm = asyncio.get_running_loop().call_later(deadline - time.monotonic(), self._ring)

    def _ring(self) -> None:
        self._next, self._alarm = math.inf, None
        now = time.monotonic()
        for member in self._living():
            if member.promise.done():
                continue
            if member.deadline <= now:
                member.promise.set_exception(too_late())
            else:
                self.watch(member.deadline)
