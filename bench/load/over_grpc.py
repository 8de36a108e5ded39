"""Almoner, or the server that does nothing, over the wire: gRPC's own client on requests made beforehand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc
from almoner import new_id

from bench.servers import BATCH_CHECK, BATCH_COMMIT, CHECK, COMMIT
from bench.traffic import NO_ID, Traffic, Wire

RawCall: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"
ANY_ID = NO_ID.encode()
"""What the server that does nothing answers."""
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]


class Calls:
    """Makes calls; what travels is bytes, in both directions."""

    def __init__(self, channel: grpc.aio.Channel, traffic: Traffic) -> None:
        self._wire = Wire(traffic)
        self._check: RawCall = channel.unary_unary(CHECK)
        self._commit: RawCall = channel.unary_unary(COMMIT)
        self._batch_check: RawCall = channel.unary_unary(BATCH_CHECK)
        self._batch_commit: RawCall = channel.unary_unary(BATCH_COMMIT)

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
    """Reaches a server. All callers of a process share one connection, as in a backend."""

    address: str
    traffic: Traffic = field(default_factory=Traffic)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Calls]:
        """Connect while the block runs."""
        async with grpc.aio.insecure_channel(self.address, options=OPTIONS) as channel:
            await channel.channel_ready()
            yield Calls(channel, self.traffic)
