"""Carrying out a batch, again if need be. Ids make that safe: what was carried out before is recognised."""

import asyncio
import random
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from almoner_server.core.requests import Adjust, AdjustResult, Commit, CommitResult, Request
from almoner_server.engine.calls import Call
from almoner_server.engine.health import Health
from almoner_server.engine.ports import BatchStore, Observer
from almoner_server.engine.silence import ended_if_silent
from almoner_server.store import BatchOutcome, StoreUnavailable

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25


class Carrier:
    """Takes batches to the store; sends a batch again while the store is unavailable, for a bounded time."""

    def __init__(self, store: BatchStore, health: Health, observer: Observer, retry_seconds: float) -> None:
        self._store = store
        self._health = health
        self._observer = observer
        self._retry_seconds = retry_seconds

    async def carry_out(self, batch: Sequence[Call]) -> BatchOutcome:
        """Carry out a batch.

        Raises:
            StoreUnavailable: at once if the store is known to be down, else after `retry_seconds` of trying.
        """
        if self._health.down:
            raise StoreUnavailable("the store is unavailable: it does not answer")
        give_up = time.monotonic() + self._retry_seconds
        requests = [call.request for call in batch]
        pause, again = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                outcome = await self._attempt(batch, requests)
            except StoreUnavailable:
                sleep = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
                if not self._health.worth_retrying or time.monotonic() + sleep > give_up:
                    await self._health.failed()
                    raise
            else:
                self._health.worked()
                return as_first(requests, outcome) if again else outcome
            await asyncio.sleep(sleep)
            pause, again = min(2 * pause, LONGEST_PAUSE_SECONDS), True

    async def _attempt(self, batch: Sequence[Call], requests: Sequence[Request]) -> BatchOutcome:
        waited = time.monotonic() - min(call.arrival for call in batch)
        with self._observer.batch(len(batch), waited, contexts_of(batch)):
            async with ended_if_silent(self._health, self._retry_seconds):
                return await self._store.run_batch(requests)


def contexts_of(batch: Iterable[Call]) -> list[Hashable]:
    """Return the contexts given with the calls of a batch, each once, in order."""
    return list(dict.fromkeys(call.context for call in batch if call.context is not None))


def as_first(requests: Sequence[Request], outcome: BatchOutcome) -> BatchOutcome:
    """Turn `replayed` off: what an attempt finds done was done by the one before it, whose answer was lost.

    Only for the first request under an id: another one in the same batch is a replay in any case.
    """
    seen = set()
    results = list(outcome.results)
    for slot, (request, result) in enumerate(zip(requests, results, strict=True)):
        if isinstance(request, Commit | Adjust) and isinstance(result, CommitResult | AdjustResult):
            own_id = request.charge_id if isinstance(request, Commit) else request.adjustment_id
            key = (type(request), request.namespace, own_id)
            if key not in seen:
                results[slot] = result._replace(replayed=False)
            seen.add(key)
    return replace(outcome, results=results)
