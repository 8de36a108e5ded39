"""A store that says nothing: slow, or gone without closing its connections?

A machine that has stopped or a network that swallows packets ends no connection. A time limit would cut off a
database that is merely busy; so it is asked something easy instead. If it answers that on another connection, it is
asked whether it waits for us on ours: then a message got lost, and the connection will never work again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from almoner_server.engine.health import Health
from almoner_server.store import StoreUnavailable


@asynccontextmanager
async def ended_if_silent(health: Health, seconds: float) -> AsyncIterator[None]:
    """Ask the store every `seconds` whether it is there; if not, end the block with StoreUnavailable."""
    loop = asyncio.get_running_loop()
    asking: list[asyncio.Task[None]] = []
    try:
        async with asyncio.timeout(None) as patience:
            timer = loop.call_later(
                seconds, lambda: asking.append(loop.create_task(_ask(health, seconds, patience)))
            )
            try:
                yield
            finally:
                timer.cancel()
                for task in asking:
                    task.cancel()
    except TimeoutError as error:
        raise StoreUnavailable("the store is unavailable: it has fallen silent") from error


async def _ask(health: Health, seconds: float, patience: asyncio.Timeout) -> None:
    while True:
        await health.look()
        if health.down:
            patience.reschedule(asyncio.get_running_loop().time())
            return
        await health.end_unheard(seconds / 2)
        await asyncio.sleep(seconds)
