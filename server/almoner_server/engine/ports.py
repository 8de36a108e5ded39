"""What the engine asks of those around it: a store to carry out batches, and somebody who watches."""

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol
from uuid import UUID

from almoner_server.core.requests import Request
from almoner_server.store import BatchOutcome


class BatchStore(Protocol):
    """Carries out batches. `almoner_server.store.Store` is the one there is."""

    async def run_batch(self, requests: Sequence[Request]) -> BatchOutcome:
        """Carry out requests in order, in one transaction. Raises StoreUnavailable."""

    def user_of_hold(self, namespace: str, hold_id: UUID) -> str | None:
        """Return whose a hold is, if this process has seen it."""

    async def ping(self) -> None:
        """Ask for a sign of life. Raises StoreUnavailable."""

    async def end_unheard(self, seconds: float) -> int:
        """End connections on which both sides have waited that long for each other. Raises StoreUnavailable."""


class Observer(Protocol):
    """Watches the batches, for traces and metrics."""

    def batch(
        self, size: int, longest_wait: float, contexts: Sequence[Hashable]
    ) -> AbstractContextManager[object]:
        """Return what is entered before a transaction and left after it, in the task that runs it.

        `longest_wait` is how many seconds the oldest of its `size` requests had queued; `contexts` are those
        given with the requests, each once. What a transaction raises passes through.
        """


class Nobody:
    """Watches nothing."""

    def batch(
        self, size: int, longest_wait: float, contexts: Sequence[Hashable]
    ) -> AbstractContextManager[object]:
        """Do nothing."""
        del size, longest_wait, contexts
        return nullcontext()
