"""Runs all loops together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from almoner_server.engine import Engine
from almoner_server.loops.expire import ExpireLoop
from almoner_server.loops.prune import PruneLoop
from almoner_server.loops.watch import WatchLoop
from almoner_server.store import Store


@asynccontextmanager
async def running(
    store: Store, engine: Engine, expired: Callable[[int], None] | None = None
) -> AsyncIterator[None]:
    """Run every loop while the block runs. Drain the engine after it, so that no loop finds it closed.

    `expired` hears how many holds were ended since their time ran out, whenever some were.
    """
    loops = (ExpireLoop(store, engine, expired), PruneLoop(store), WatchLoop(store, engine))
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        await asyncio.gather(*(loop.stop() for loop in loops))
