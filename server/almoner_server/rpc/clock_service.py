"""ClockService: the authority's clock, for tests of programs that use it."""

import logging
from datetime import timedelta

from almoner.testing.v1.clock_service_pb2 import (
    AdvanceClockRequest,
    AdvanceClockResponse,
    ResetClockRequest,
    ResetClockResponse,
    SetClockRequest,
    SetClockResponse,
)

from almoner_server.rpc.backend import Backend
from almoner_server.rpc.calls import Call
from almoner_server.rpc.convert.times import timestamp
from almoner_server.rpc.validate import times
from almoner_server.rpc.validate.fields import required

logger = logging.getLogger(__name__)


class ClockService:
    """Sets the clock. Offered only by a server that was started to be tested."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def set_clock(self, request: SetClockRequest, call: Call) -> SetClockResponse:
        """Stop the clock at a moment."""
        del call
        if not request.HasField("time"):
            raise required("time")
        moment = times.moment("time", request.time)
        clock = self._backend.store.clock
        await clock.freeze(moment)
        logger.warning("the test clock was set to %s", moment.isoformat())
        return SetClockResponse(time=timestamp(await clock.now()))

    async def advance_clock(self, request: AdvanceClockRequest, call: Call) -> AdvanceClockResponse:
        """Move the clock on."""
        del call
        if not request.HasField("by"):
            raise required("by")
        by: timedelta = times.advance(request.by)
        clock = self._backend.store.clock
        await clock.advance(by)
        logger.warning("the test clock was moved on by %s", by)
        return AdvanceClockResponse(time=timestamp(await clock.now()))

    async def reset_clock(self, request: ResetClockRequest, call: Call) -> ResetClockResponse:
        """Go back to real time."""
        del request, call
        clock = self._backend.store.clock
        await clock.reset()
        logger.warning("the test clock was reset to real time")
        return ResetClockResponse(time=timestamp(await clock.now()))
