"""The standard health service, told what is so: not serving while the store is away or the server stops."""

import asyncio
import contextlib

from grpc_health.v1.health import aio
from grpc_health.v1.health_pb2 import HealthCheckResponse

from almoner_server.rpc.backend import Backend

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
PERIOD_SECONDS = 1.0
PATIENCE_SECONDS = 2.0


class Health:
    """Asks the store for a sign of life every second and sets the health of services accordingly.

    A service in `without_store` answers without a store too: its health is not that of the store.
    """

    def __init__(self, backend: Backend, services: list[str], without_store: list[str]) -> None:
        self.servicer = aio.HealthServicer()
        self._backend = backend
        self._services = services
        self._without_store = without_store
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Set the health as it is now, and from now on."""
        await self.look()
        self._task = asyncio.create_task(self._watch(), name="almoner-health")

    async def stop(self) -> None:
        """Say that no service is served any more, for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.servicer.enter_graceful_shutdown()

    async def look(self) -> None:
        """Ask the store, and set the health by its answer."""
        try:
            answers = await asyncio.wait_for(self._backend.answers(), PATIENCE_SECONDS)
        except TimeoutError:
            answers = False
        for service in self._services:
            well = answers or service in self._without_store
            await self.servicer.set(service, SERVING if well else NOT_SERVING)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            await self.look()
