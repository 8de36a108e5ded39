"""Where the lanes meet: a second transaction at the same time has to be worth it.

Two small batches cost nearly twice what one of both would. So as long as another lane is at the database a lane waits,
unless it has enough of its own.
"""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

ENOUGH = 64
"""Calls with which a lane does not wait for others."""


class Crossing:
    """Is shared by the lanes of an engine."""

    def __init__(self) -> None:
        self._busy = 0
        self._changed = asyncio.Event()

    async def clear_for(self, queue: Collection[object]) -> None:
        """Wait until nobody else is at the database or the queue is long enough."""
        while self._busy and len(queue) < ENOUGH:
            self._changed.clear()
            await self._changed.wait()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Be at the database."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self.look()

    def look(self) -> None:
        """Have those who wait look again."""
        self._changed.set()
