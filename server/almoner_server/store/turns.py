"""Turns: of the batches of this process, two that touch the same account do not run at once.

The database would let only one of them through, and the other would have to begin again.
"""

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

from almoner_server.core.records import AccountKey


class Turns:
    """Lets those run at once who share no key, in the order in which they came."""

    def __init__(self) -> None:
        self._standing: list[tuple[Set[AccountKey], asyncio.Event]] = []

    @asynccontextmanager
    async def of(self, keys: Set[AccountKey]) -> AsyncIterator[None]:
        """Wait until nobody who came before needs one of the keys."""
        ended = asyncio.Event()
        before = [end for others, end in self._standing if not keys.isdisjoint(others)]
        mine = (keys, ended)
        self._standing.append(mine)
        try:
            for end in before:
                await end.wait()
            yield
        finally:
            self._standing.remove(mine)
            ended.set()
