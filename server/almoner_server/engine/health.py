"""Whether the store is there. While it is known to be down nobody has to wait to hear of it."""

import asyncio
import contextlib
import logging

from almoner_server.engine.ports import BatchStore
from almoner_server.store import StoreUnavailable

logger = logging.getLogger(__name__)

PING_SECONDS = 1.0
"""A ping that takes longer counts as none."""


class Health:
    """Remembers whether the store answers. Once it does not, asks it now and then until it does.

    Doubt outlasts the silence: a store with a full disk, or one that is a read-only standby, answers pings
    and yet carries out nothing. Until a batch has worked, one that fails is not worth sending again.
    """

    def __init__(self, store: BatchStore, probe_seconds: float) -> None:
        self._store = store
        self._probe_seconds = probe_seconds
        self._prober: asyncio.Task[None] | None = None
        self._doubtful = False

    @property
    def down(self) -> bool:
        """Tell whether the store is known not to answer."""
        return self._prober is not None

    @property
    def worth_retrying(self) -> bool:
        """Tell whether a batch that has failed may well succeed a moment later."""
        return not self.down and not self._doubtful

    def worked(self) -> None:
        """Note that a batch was carried out."""
        self._doubtful = False

    async def failed(self) -> None:
        """Note that patience did not help a batch; find out whether the store is down."""
        self._doubtful = True
        await self.look()

    async def look(self) -> None:
        """Find out whether the store is down."""
        if self._prober is None and not await self._answers() and self._prober is None:
            logger.warning(
                "the store does not answer: until it does, calls fail at once or are allowed as degraded"
            )
            self._prober = asyncio.create_task(self._probe(), name="almoner-engine-probe")

    async def end_unheard(self, seconds: float) -> None:
        """End the connections to a store that answers on others, if on these it hears nothing any more."""
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(PING_SECONDS):
                if ended := await self._store.end_unheard(seconds):
                    logger.warning("%d connections had fallen silent and were ended", ended)

    async def close(self) -> None:
        """Stop asking."""
        prober, self._prober = self._prober, None
        if prober is not None:
            prober.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await prober

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(self._probe_seconds)
            if await self._answers():
                break
        logger.warning("the store answers again")
        self._prober = None

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._store.ping()
        except (StoreUnavailable, TimeoutError):
            return False
        return True
