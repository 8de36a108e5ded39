"""How much the engine takes on, and for how long it is patient."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Bounds the engine. Every queue has an end, so that overload is told and not felt."""

    lanes: int = 2
    """Transactions under way at once: while one is at the database, another is decided. More make the batches smaller.

    The store needs more connections than that.
    """
    max_batch: int = 512
    """Requests in one transaction."""
    max_queued: int = 8192
    """Requests that may queue in one lane; one more is OVERLOADED."""
    max_waiting: int = 10_000
    """Callers that may wait for room; one more is answered as if it did not want to wait."""
    retry_seconds: float = 2.0
    """How long a batch is sent again to a store that is unavailable."""
    probe_seconds: float = 0.25
    """How often a store that is known to be down is asked whether it is back."""
