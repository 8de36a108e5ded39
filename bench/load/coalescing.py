"""Many tasks of one backend that use Almoner's own client, as its users do."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from almoner import Client, Hold

from bench.traffic import USD, Traffic


def can_coalesce() -> bool:
    """Tell whether this version of the client collects calls into batches."""
    return "coalesce" in inspect.signature(Client).parameters


class WithClient:
    """Checks and commits with the client."""

    def __init__(self, client: Client, traffic: Traffic) -> None:
        self._client = client
        self._traffic = traffic
        self._spenders = traffic.spenders()

    async def check(self, number: int) -> Hold:
        """Open a hold."""
        spender = self._spenders[number % len(self._spenders)]
        return await self._client.open_hold(user=spender.user, amounts={USD: self._traffic.held})

    async def commit(self, ticket: Hold) -> None:
        """Commit it."""
        await ticket.commit(amounts={USD: self._traffic.spent})


@dataclass(frozen=True, slots=True)
class ThroughClient:
    """Opens a client; `options` are its own."""

    address: str
    traffic: Traffic
    options: dict[str, Any] = field(default_factory=dict)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[WithClient]:
        """Connect while the block runs."""
        async with Client(self.address, **self.options) as client:
            yield WithClient(client, self.traffic)
