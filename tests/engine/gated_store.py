"""A store whose transactions last until the test lets them end: shows what the lanes do meanwhile.

What is decided is of no interest here; the tests of waiting, racing and failing run on a real PostgreSQL.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from almoner_server.core.requests import Check, CheckResult, Decision, Request, Result
from almoner_server.store import BatchOutcome


class GatedStore:
    """Notes each batch when it begins, and ends it when its gate is open."""

    def __init__(self) -> None:
        self.begun: list[list[Request]] = []
        self.under_way: list[list[Request]] = []
        self.users: dict[UUID, str] = {}
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def run_batch(self, requests: Sequence[Request]) -> BatchOutcome:
        batch = list(requests)
        self.begun.append(batch)
        self.under_way.append(batch)
        try:
            await self.gate.wait()
        finally:
            self.under_way.remove(batch)
        if self.failure is not None:
            raise self.failure
        return BatchOutcome([_answer(request) for request in requests])

    def user_of_hold(self, namespace: str, hold_id: UUID) -> str | None:
        return self.users.get(hold_id)

    async def ping(self) -> None:
        pass

    async def end_unheard(self, seconds: float) -> int:
        return 0

    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.begun]


def _answer(request: Request) -> Result:
    hold = request.hold if isinstance(request, Check) else None
    return CheckResult(Decision(()), hold.id if hold else None)


async def settle_down() -> None:
    """Let every task run until it waits for something."""
    for _ in range(10):
        await asyncio.sleep(0)
