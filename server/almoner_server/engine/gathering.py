"""Gathering: under load, a batch waits a moment for those who are about to ask.

A transaction costs what some ten calls cost, so a busy server that begins one for every few calls spends most of
its time on beginnings. Callers who were answered together mostly ask together again; they need a moment to do so.
A lone call, and the few of a quiet server, never wait: see docs/decisions/0009-gather-under-load.md.
"""

import asyncio
from collections.abc import Sized
from functools import partial

COMPANY = 3.0
"""Calls that batches must have had of late before one waits for more."""
ENOUGH = 24
"""Calls that do not wait for more: of what a transaction costs, each bears little already."""
LONGEST_SECONDS = 0.002
"""How long it waits at most."""
MEMORY = 0.25
"""The part that the latest batch has in what is usual of late."""
FORGETTING = 0.9
"""What is left, after each batch, of the most callers ever seen at once."""


class Gathering:
    """Decides for one lane whether its next batch waits, and for whom: for as many as there were of late."""

    def __init__(self) -> None:
        self._usual = 1.0
        self._most = 1.0
        self._complete: asyncio.Future[None] | None = None

    def carried(self, batch: int, queued: int) -> None:
        """Note how many calls a batch had, and how many queued when it was done."""
        self._usual += MEMORY * (batch - self._usual)
        self._most = max(FORGETTING * self._most, batch + queued)

    def arrived(self, queued: int) -> None:
        """Note how many calls queue now: with all those there were of late, nobody is missing."""
        if self._complete is not None and queued >= self._expected:
            _settle(self._complete)

    async def gather(self, queue: Sized) -> None:
        """Wait until a queue has all who can be expected, at most LONGEST_SECONDS, if there is usually company."""
        if self._usual < COMPANY or not 0 < len(queue) < self._expected:
            return
        loop = asyncio.get_running_loop()
        self._complete = loop.create_future()
        timer = loop.call_later(LONGEST_SECONDS, partial(_settle, self._complete))
        try:
            await self._complete
        finally:
            timer.cancel()
            self._complete = None

    @property
    def _expected(self) -> float:
        """Return how many calls to wait for."""
        return min(self._most, ENOUGH)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
