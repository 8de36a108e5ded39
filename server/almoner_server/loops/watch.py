"""Notices what other replicas and administrators do, for the sake of those who wait for room here.

Notifications make it fast. A poll makes it right: it needs no connection of its own, misses nothing, and
works where notifications do not, as behind a pooling proxy. It costs nothing while nobody waits.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from almoner_server.core.records import AccountKey
from almoner_server.engine import Engine
from almoner_server.loops.loop import Loop
from almoner_server.store import Store, StoreUnavailable, Subscription

LEASE = timedelta(seconds=5)
"""How long other replicas tell this one what they free, after it last said that somebody waits."""
RENEW_SECONDS = 1.0
RELISTEN_SECONDS = 1.0
"""How often a lost connection for notifications is replaced at most."""
OVERDUE_SECONDS = 1.0
"""Whoever is first in a line is tried that often at least: windows roll, overrides end, stores go away."""
OVERDUE_AT_ONCE = 1000

Key = TypeVar("Key")


class WatchLoop(Loop):
    """Wakes the waiting room when room may have been made by others."""

    name = "watch"
    period = 0.1

    def __init__(self, store: Store, engine: Engine) -> None:
        super().__init__()
        self._waiting = store.waiting
        self._room = engine.room
        self._versions: dict[AccountKey, int] = {}
        self._revisions: dict[str, int] = {}
        self._subscription: Subscription | None = None
        self._announced = False
        self._deaf: str | None = None
        self._next_lease = self._next_listen = self._next_overdue = 0.0

    async def run(self) -> None:
        """Poll, and see to it that notifications come."""
        accounts = self._room.accounts
        if accounts:
            self._wake_overdue()
            await self._poll(accounts)
        await self._announce(bool(accounts))
        await self._listen()

    async def stop(self) -> None:
        """Stop watching. Again is fine."""
        await super().stop()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()

    async def _poll(self, accounts: set[AccountKey]) -> None:
        versions = await self._waiting.versions(accounts)
        revisions = await self._waiting.revisions({key.namespace for key in accounts})
        changed = _changed(self._versions, versions)
        renewed = _changed(self._revisions, revisions)
        self._versions, self._revisions = versions, revisions
        self._room.wake([*changed, *(key for key in accounts if key.namespace in renewed)])

    def _wake_overdue(self) -> None:
        now = time.monotonic()
        if now >= self._next_overdue:
            self._next_overdue = now + OVERDUE_SECONDS
            self._room.wake_overdue(OVERDUE_SECONDS, OVERDUE_AT_ONCE)

    async def _announce(self, somebody_waits: bool) -> None:
        now = time.monotonic()
        if somebody_waits and (not self._announced or now >= self._next_lease):
            await self._waiting.announce(LEASE)
            self._announced, self._next_lease = True, now + RENEW_SECONDS
        elif self._announced and not somebody_waits:
            await self._waiting.withdraw()
            self._announced = False

    async def _listen(self) -> None:
        """Replace a lost connection. Until it can be tried again, each run fails as the last try did."""
        if self._subscription is not None and not self._subscription.lost.is_set():
            return
        if time.monotonic() < self._next_listen:
            if self._deaf is not None:
                raise StoreUnavailable(self._deaf)
            return
        self._next_listen = time.monotonic() + RELISTEN_SECONDS
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()
        try:
            self._subscription = await self._waiting.listen(self._room.wake_tagged, self._room.wake_namespace)
        except StoreUnavailable as error:
            self._deaf = str(error)
            raise
        self._deaf = None


def _changed(before: Mapping[Key, int], after: Mapping[Key, int]) -> list[Key]:
    """Return the keys whose number differs from the one seen before, or was not seen before."""
    return [key for key, number in after.items() if before.get(key) != number]
