"""Almoner, or the server that does nothing, over the wire: gRPC's own client on requests made beforehand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc
from almoner import new_id

from bench.load.lean import lean_channel
from bench.servers import BATCH_CHECK, BATCH_COMMIT, CHECK, COMMIT
from bench.traffic import NO_ID, Traffic, Wire

RawCall: TypeAlias = Callable[[bytes], Awaitable[bytes]]
ANY_ID = NO_ID.encode()
"""What the server that does nothing answers."""
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]


class Calls:
    """Makes calls; what travels is bytes, in both directions."""

    def __init__(self, method: Callable[[str], RawCall], traffic: Traffic) -> None:
        self._wire = Wire(traffic)
        self._check, self._commit = method(CHECK), method(COMMIT)
        self._batch_check, self._batch_commit = method(BATCH_CHECK), method(BATCH_COMMIT)

    async def check(self, number: int) -> bytes | None:
        """Ask, with a hold. Only an allowed check is answered with the hold's id."""
        hold_id = new_id().encode()
        answer = await self._check(self._wire.check(number, hold_id))
        return hold_id if hold_id in answer or ANY_ID in answer else None

    async def commit(self, ticket: bytes) -> None:
        """Commit a hold."""
        await self._commit(self._wire.commit(ticket))

    async def check_many(self, number: int, size: int) -> list[bytes]:
        """Ask for `size` spenders in one call, each with a hold."""
        hold_ids = [new_id().encode() for _ in range(size)]
        await self._batch_check(self._wire.checks(number, hold_ids))
        return hold_ids

    async def commit_many(self, tickets: list[bytes]) -> None:
        """Commit holds in one call."""
        await self._batch_commit(self._wire.commits(tickets))


@dataclass(frozen=True, slots=True)
class OverGrpc:
    """Reaches a server. All callers of a process share one connection, as in a backend.

    With `lean` the calls are made by hand, for a fraction of the CPU: see `bench.load.lean`.
    """

    address: str
    traffic: Traffic = field(default_factory=Traffic)
    lean: bool = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Calls]:
        """Connect while the block runs."""
        if self.lean:
            async with lean_channel(self.address) as channel:
                yield Calls(channel.unary_unary, self.traffic)
            return
        async with grpc.aio.insecure_channel(self.address, options=OPTIONS) as usual:
            await usual.channel_ready()

            def method(path: str) -> RawCall:
                call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = usual.unary_unary(path)
                return call

            yield Calls(method, self.traffic)
