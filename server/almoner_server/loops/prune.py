"""Removes what nobody asks for any more, so that what is looked up often stays small."""

import asyncio

from almoner_server.loops.loop import Loop
from almoner_server.store import Store

AT_ONCE = 500
PAUSE_SECONDS = 0.1
"""Between two batches, so that a large backlog never competes with calls."""


class PruneLoop(Loop):
    """Has the store forget what was settled long ago, a little at a time. The ledger is never touched."""

    name = "prune"
    period = 60.0

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def run(self) -> None:
        """Prune until nothing is old enough, or the loop is to stop."""
        await self._store.upkeep.abandon_stale_fillings()
        while not self.stopping:
            if await self._store.upkeep.prune(limit=AT_ONCE) < AT_ONCE:
                return
            await asyncio.sleep(PAUSE_SECONDS)
