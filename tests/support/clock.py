"""The authority's clock, as a test of a user's own backend would set it: over the wire."""

from datetime import UTC, datetime, timedelta

import grpc
from almoner.testing.v1.clock_service_pb2 import AdvanceClockRequest, ResetClockRequest, SetClockRequest
from almoner.testing.v1.clock_service_pb2_grpc import ClockServiceStub
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


class AuthorityClock:
    """Sets the clock of a server that runs with --test-clock."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ClockServiceStub(channel)

    async def set(self, moment: datetime) -> datetime:
        """Stop the clock at a moment."""
        time = Timestamp()
        time.FromDatetime(moment)
        return _moment((await self._stub.SetClock(SetClockRequest(time=time))).time)

    async def advance(self, by: timedelta) -> datetime:
        """Move the clock on."""
        span = Duration()
        span.FromTimedelta(by)
        return _moment((await self._stub.AdvanceClock(AdvanceClockRequest(by=span))).time)

    async def reset(self) -> datetime:
        """Go back to real time."""
        return _moment((await self._stub.ResetClock(ResetClockRequest())).time)


def _moment(time: Timestamp) -> datetime:
    return time.ToDatetime(tzinfo=UTC)
