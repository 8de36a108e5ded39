"""Calls of one moment in one RPC: how they are carried. When they depart is the lanes' affair."""

import time
from collections.abc import Sequence
from typing import Any

from almoner.runtime.asynchronous import Channel
from almoner.runtime.coalescing.asynchronous import Lane
from almoner.runtime.coalescing.schedule import Member, own_copy
from almoner.tracing import Metadata, batch_span
from almoner.v1.quota_service_pb2 import ReleaseRequest
from almoner.wire.batches import BATCHES, BatchMethod, may_share
from almoner.wire.methods import CHECK_QUOTA, Method, RequestT, ResponseT


class CoalescingChannel:
    """Sends calls of one moment together, each with its own deadline, error and cancellation.

    Nobody waits for company: a call that meets no other goes at once, by itself. While as many RPCs are under
    way as may be, calls that arrive queue, and what has queued when one comes back leaves together.
    """

    def __init__(self, channel: Channel, address: str) -> None:
        self._channel = channel
        self._lanes = {
            method.name: Lane(Carrier(channel, address, method, batch).carry)
            for method, batch in BATCHES.items()
        }
        self._checks = self._lanes[CHECK_QUOTA.name]

    async def send(
        self, method: Method[RequestT, ResponseT], request: RequestT, timeout: float, metadata: Metadata
    ) -> ResponseT:
        """Send one request once, as `Channel.send` does."""
        lane = self._lanes.get(method.name)
        if lane is None or not may_share(request):
            deadline = time.monotonic() + timeout
            if isinstance(request, ReleaseRequest):  # one that overtakes its check frees nothing
                await self._checks.let_arrive(request.hold_id, timeout)
            return await self._channel.send(method, request, deadline - time.monotonic(), metadata)
        trip = lane.start_if_quiet()
        if trip is None:
            answer: ResponseT = await lane.join(request, timeout, metadata)
            return answer
        try:
            return await self._channel.send(method, request, timeout, metadata)
        finally:
            lane.end(trip)

    async def close(self) -> None:
        """Break off what is under way and close; who is queued then finds it closed. Safe to repeat."""
        await self._channel.close()


class Carrier:
    """Carries the calls of one method."""

    def __init__(self, channel: Channel, address: str, method: Method[Any, Any], batch: BatchMethod) -> None:
        self._channel = channel
        self._address = address
        self._method = method
        self._batch = batch

    async def carry(self, members: Sequence[Member[Any]]) -> Sequence[Any]:
        """Give the answer or the error of each, in order. One by itself is a call like any other."""
        try:
            return await self._carry(members)
        except Exception as error:  # noqa: BLE001 - each of them hears of it
            return [own_copy(error) for _ in members]

    async def _carry(self, members: Sequence[Member[Any]]) -> Sequence[Any]:
        seconds = max(member.seconds_left() for member in members)
        if len(members) == 1:
            (lone,) = members
            return [await self._channel.send(self._method, lone.request, seconds, lone.metadata)]
        request = self._batch.pack([member.request for member in members])
        spans = [member.span for member in members if member.span is not None]
        with batch_span(self._batch.method.name, self._address, spans) as metadata:
            answer = await self._channel.send(self._batch.method, request, seconds, metadata)
        return self._batch.unpack(answer, len(members))
