"""Replay an order in the model of tests/stateful: every answer must be the one that the caller got."""

from collections.abc import Callable
from datetime import datetime

from almoner.v1.quota_service_pb2 import (
    CheckQuotaRequest,
    CheckQuotaResponse,
    GetStatusRequest,
    GetStatusResponse,
)
from almoner.v1.resources_pb2 import LimitStatus

from tests.concurrency.record import Call
from tests.stateful.compare import require_same
from tests.stateful.model import ModelAuthority
from tests.stateful.model.windows import moment_of

UNITS = {"credits", "messages", "tokens", "usd_micros"}
"""What the namespace `default` counts."""


def prove(order: list[Call]) -> int:
    """Raise AssertionError unless the model answers each call as the servers did, and no admission crosses a limit.

    Returns how many holds were admitted. A limit may be lowered below what is spent and held already; then nothing is
    admitted under it until there is room.
    """
    model = ModelAuthority(_moment(order[0], datetime.min), UNITS)  # noqa: DTZ901 - the first call tells its time
    admitted = 0
    for call in order:
        model.world.now = _moment(call, model.world.now)
        require_same(call.method, call.request, call.answer, model.call(call.method, call.request))
        if isinstance(call.answer, CheckQuotaResponse) and call.answer.hold_id:
            _require_room_kept(call, model.call)
            admitted += 1
    return admitted


def _moment(call: Call, otherwise: datetime) -> datetime:
    """Return when a call was carried out, so that the model gives the same times."""
    if isinstance(call.answer, GetStatusResponse):
        return moment_of(call.answer.as_of_time)
    return call.stamp or otherwise


def _require_room_kept(call: Call, ask: Callable[[str, GetStatusRequest], object]) -> None:
    request = call.request
    assert isinstance(request, CheckQuotaRequest)
    status = ask("GetStatus", GetStatusRequest(subject=request.subject, chat=request.chat))
    assert isinstance(status, GetStatusResponse)
    crossed: list[LimitStatus] = [limit for limit in status.limits if limit.spent + limit.held > limit.limit]
    assert not crossed, f"{request} was admitted and crosses {crossed}"
