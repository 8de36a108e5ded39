"""What all loops have in common: they run once, rest, and run again, whatever happens."""

import asyncio
import contextlib
import logging
import random

from almoner_server.core.errors import RequestFailed
from almoner_server.store import StoreUnavailable

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""How long a run that is under way may go on after `stop`."""


class Loop:
    """Does something again and again. A subclass sets `name` and `period` and says in `run` what to do.

    A run that fails is logged once, however often it fails in a row, and is tried again after the next rest.
    Replicas do not run in step: each rest is up to a tenth shorter or longer than `period`, in seconds.
    """

    name: str
    period: float

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._failing = False

    @property
    def stopping(self) -> bool:
        """Tell whether the loop is to end: a long run should."""
        return self._stopping.is_set()

    async def run(self) -> None:
        """Do it once."""
        raise NotImplementedError

    def start(self) -> None:
        """Run now and from now on. A loop starts once."""
        assert self._task is None
        self._task = asyncio.create_task(self._go_on(), name=f"almoner-loop-{self.name}")

    async def stop(self) -> None:
        """Let the run that is under way come to its end, for a bounded time. Again is fine."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=STOP_SECONDS)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _go_on(self) -> None:
        while not self.stopping:
            await self._run_once()
            rest = self.period * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), rest)

    async def _run_once(self) -> None:
        try:
            await self.run()
        except Exception as error:  # a loop outlives whatever goes wrong in it
            if not self._failing:
                logger.warning(
                    "%s fails, and will be tried again: %s", self.name, error, exc_info=_bug(error)
                )
            self._failing = True
        else:
            if self._failing:
                logger.warning("%s works again", self.name)
            self._failing = False


def _bug(error: Exception) -> Exception | None:
    """Return an error whose trace is worth reading: not that the store is away or that the server stops."""
    return None if isinstance(error, StoreUnavailable | RequestFailed) else error
