"""Every call with its start, its end, what was asked and what was answered."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import grpc
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import quota_service_pb2 as quota
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.stateful.model.windows import moment_of

TTL = timedelta(minutes=10)
"""How long every hold here lives."""


@dataclass(frozen=True, eq=False)
class Call:
    """Is one call, as its caller saw it. Times are those of one monotonic clock."""

    method: str
    request: Message
    answer: Message
    start: float
    end: float

    @property
    def stamp(self) -> datetime | None:
        """Return the moment at which the server says it carried it out; None if it does not tell."""
        time = self._time
        ahead = TTL if self.method in ("CheckQuota", "Extend") else timedelta()
        return None if time is None else moment_of(time) - ahead

    @property
    def _time(self) -> Timestamp | None:
        answer = self.answer
        match answer:
            case quota.CheckQuotaResponse():
                return answer.hold_expire_time if answer.hold_id else None
            case quota.CommitResponse():
                return answer.charge.create_time
            case quota.ExtendResponse():
                return answer.hold.expire_time if answer.decision.allowed else None
            case quota.ReleaseResponse():
                return answer.hold.settle_time
            case admin.SetLimitResponse():
                return answer.limit.update_time
            case _:
                return None


@dataclass
class Recorder:
    """Makes calls of several servers and keeps them."""

    channels: list[grpc.aio.Channel]
    calls: list[Call] = field(default_factory=list)

    async def call(self, server: int, method: str, request: Message) -> Message:
        """Make a call of a server, by number."""
        module, service = (
            (quota, "QuotaService") if hasattr(quota, f"{method}Request") else (admin, "AdminService")
        )
        answer, start, end = await self._send(
            server, service, method, request, getattr(module, f"{method}Response")
        )
        self.calls.append(Call(method, request, answer, start, end))
        return self.calls[-1].answer

    async def call_together(self, server: int, method: str, requests: Sequence[Message]) -> Sequence[Message]:
        """Make calls of one method as one batch: to its caller they were all under way for as long as it was."""
        batch = getattr(quota, f"Batch{method}Request")(requests=requests)
        kind = getattr(quota, f"Batch{method}Response")
        found, start, end = await self._send(server, "QuotaService", f"Batch{method}", batch, kind)
        answers = [result.response for result in found.results]
        self.calls += [
            Call(method, request, answer, start, end)
            for request, answer in zip(requests, answers, strict=True)
        ]
        return answers

    async def _send(
        self, server: int, service: str, method: str, request: Message, kind: Any
    ) -> tuple[Any, float, float]:
        """Return the answer, and when the call began and ended."""
        call = self.channels[server % len(self.channels)].unary_unary(
            f"/almoner.v1.{service}/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=kind.FromString,
        )
        start = time.monotonic()
        return await call(request, timeout=60), start, time.monotonic()
