"""The gRPC server: which services it has, where it listens, and what it bounds."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import grpc
from almoner.testing.v1 import clock_service_pb2
from almoner.v1 import admin_service_pb2, quota_service_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from almoner_server.observe.report import CallWatcher
from almoner_server.rpc.address import UNIX, ListenError, join, require_free, split
from almoner_server.rpc.admin_service import AdminService
from almoner_server.rpc.arrivals import Arrivals
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.bounds import MAX_CALL_BYTES, MAX_CALLS, MAX_MEMORY, MAX_STREAMS, OPTIONS
from almoner_server.rpc.clock_service import ClockService
from almoner_server.rpc.connections import max_connections
from almoner_server.rpc.crowd import Crowd
from almoner_server.rpc.health import Health
from almoner_server.rpc.methods import binder
from almoner_server.rpc.quota_service import QuotaService
from almoner_server.rpc.standard import standard_handler

LULL_SECONDS = 1.0
"""How long a server that stops goes on to turn calls away at most."""
QUIET_SECONDS = 0.05
"""Without a call for so long, everybody has heard."""
_QUOTA = quota_service_pb2.DESCRIPTOR.services_by_name["QuotaService"]
_ADMIN = admin_service_pb2.DESCRIPTOR.services_by_name["AdminService"]
_HEALTH: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]
_REFLECTION: Any = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
_CLOCK = clock_service_pb2.DESCRIPTOR.services_by_name["ClockService"]


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Says what the server offers."""

    allow_degraded: bool = False
    """Checks are allowed, unseen, while the store cannot be reached."""
    test_clock: bool = False
    """Callers may set the authority's clock."""
    shared_port: bool = False
    """Other processes listen on the same port; somebody else sees to it that they are of the same crew."""
    max_calls: int = MAX_CALLS
    """Calls that may be under way at once; one more is OVERLOADED."""
    max_call_bytes: int = MAX_CALL_BYTES
    """Bytes that their messages may have together; with more, a call is OVERLOADED."""
    max_memory: int = MAX_MEMORY
    """Bytes that the process may have; while it has more, every call is OVERLOADED."""


class Server:
    """Serves on one address, from `start` until `stop`."""

    def __init__(self, backend: Backend, watcher: CallWatcher, options: ServerOptions) -> None:
        # A second server on the same port is a mistake, and must look like one, unless they belong together.
        self._shared_port = options.shared_port
        own = [
            ("grpc.so_reuseport", int(options.shared_port)),
            ("grpc.max_allowed_incoming_connections", max_connections()),
        ]
        self._grpc = grpc.aio.server(options=[*own, *OPTIONS], maximum_concurrent_rpcs=MAX_STREAMS)
        self._backend = backend
        self._arrivals = Arrivals(options.max_memory)
        bind = binder(backend, watcher, self._arrivals, Crowd(options.max_calls, options.max_call_bytes))
        quota = QuotaService(backend, allow_degraded=options.allow_degraded)
        handlers = [bind(_QUOTA, quota), bind(_ADMIN, AdminService(backend))]
        names = ["", _QUOTA.full_name, _ADMIN.full_name]
        if options.test_clock:
            handlers.append(bind(_CLOCK, ClockService(backend)))
            names.append(_CLOCK.full_name)
        self._health = Health(backend, names, names[:2] if options.allow_degraded else [])
        reflected = reflection.aio.ReflectionServicer([*names[1:], _HEALTH.full_name, _REFLECTION.full_name])
        handlers.append(standard_handler(_HEALTH, self._health.servicer, self._arrivals))
        handlers.append(standard_handler(_REFLECTION, reflected, self._arrivals))
        self._grpc.add_generic_rpc_handlers(handlers)

    def listen(self, address: str) -> str:
        """Take an address, so that nobody else gets it; returns it with the port that port 0 became.

        Raises:
            ListenError: the address is malformed or taken.
        """
        if not self._shared_port:
            require_free(address)
        try:
            port = self._grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise ListenError(f"cannot listen on {address}: {error}") from error
        return address if address.startswith(UNIX) else join(split(address)[0], port)

    async def start(self) -> None:
        """Answer calls."""
        self._arrivals.start()
        await self._health.start()
        await self._grpc.start()

    async def refresh_health(self) -> None:
        """Look at once how the store is: it has just been reached."""
        await self._health.look()

    async def refuse(self) -> None:
        """Say that the server stops, to whoever asks for its health and to every new call."""
        self._backend.close()
        await self._health.stop()

    async def stop(self, grace: float) -> None:
        """Accept no more connections; return when all calls are answered, at the latest after `grace` s."""
        await self._lull(min(grace, LULL_SECONDS))
        await self._grpc.stop(grace)
        await self._arrivals.stop()

    async def _lull(self, seconds: float) -> None:
        """Wait until callers have heard that the server stops and leave it alone for a moment.

        What arrives while gRPC shuts down, it cancels: a status that no caller takes for "send it again".
        """
        end = time.monotonic() + seconds
        turned_away = -1
        while self._backend.turned_away != turned_away and time.monotonic() < end:
            turned_away = self._backend.turned_away
            await asyncio.sleep(QUIET_SECONDS)
