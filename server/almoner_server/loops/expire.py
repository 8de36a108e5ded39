"""Ends holds whose time has run out (docs/semantics.md, Holds)."""

from collections.abc import Callable, Sequence

from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import HoldResult
from almoner_server.engine import Engine, Outcome
from almoner_server.loops.loop import Loop
from almoner_server.store import Store

AT_ONCE = 1000
"""Holds sent through the engine at a time."""


class ExpireLoop(Loop):
    """Finds the holds that are due by the database's clock and sends each through the engine.

    Replicas may find the same hold: the second finds it ended. Nothing else has to happen after a crash; the
    first run ends what ran out meanwhile. `expired` hears how many were ended, whenever some were.
    """

    name = "expire"
    period = 0.5

    def __init__(self, store: Store, engine: Engine, expired: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self._store = store
        self._engine = engine
        self._expired = expired

    async def run(self) -> None:
        """Expire until nothing is due. Raises the first error if a hold could not be ended."""
        while True:
            due = await self._store.upkeep.holds_due()
            outcomes: list[Outcome] = []
            for start in range(0, len(due.requests), AT_ONCE):
                outcomes += await self._engine.submit_many(due.requests[start : start + AT_ONCE])
            self._tell(sum(isinstance(outcome, HoldResult) for outcome in outcomes))
            _raise_first(outcomes)  # only now: one that cannot be ended keeps no other
            if not due.more:
                return

    def _tell(self, ended: int) -> None:
        if ended and self._expired is not None:
            self._expired(ended)


def _raise_first(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        pruned = isinstance(outcome, RequestFailed) and outcome.status == "NOT_FOUND"
        if isinstance(outcome, Exception) and not pruned:
            raise outcome
