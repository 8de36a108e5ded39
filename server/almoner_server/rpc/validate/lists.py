"""Which part of which list: filters and pages."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from almoner.v1.admin_service_pb2 import ListChargesRequest, ListHoldsRequest

from almoner_server.core.terms import HoldState, Settlement
from almoner_server.rpc.validate import times
from almoner_server.rpc.validate.amounts import out_of_range
from almoner_server.rpc.validate.fields import enum_filter, optional_identifier, optional_uuid

DEFAULT_PAGE = 100
MAX_PAGE = 1000
_settlement = enum_filter(Settlement)
_state = enum_filter(HoldState)


class ChargeFilter(TypedDict):
    """Says which charges to list; what is empty or None lets all through."""

    user: str
    chat: str
    hold_id: UUID | None
    open_only: bool
    settlement: Settlement | None
    start_time: datetime | None
    end_time: datetime | None


class HoldFilter(TypedDict):
    """Says which holds to list; what is empty or None lets all through."""

    user: str
    chat: str
    state: HoldState | None


def page_size(given: int) -> int:
    """Return how many entries a page has: 1 to 1,000, 0 is read as 100. Raises AMOUNT_OUT_OF_RANGE."""
    if not 0 <= given <= MAX_PAGE:
        raise out_of_range("page_size", given, 0, MAX_PAGE)
    return given or DEFAULT_PAGE


def charges(request: ListChargesRequest) -> ChargeFilter:
    """Read the filter of a ListCharges. Raises RequestFailed."""
    return ChargeFilter(
        user=optional_identifier("user", request.user),
        chat=optional_identifier("chat_id", request.chat_id),
        hold_id=optional_uuid("hold_id", request.hold_id),
        open_only=request.open_only,
        settlement=_settlement("settlement", request.settlement),
        start_time=times.moment("start_time", request.start_time) if request.HasField("start_time") else None,
        end_time=times.moment("end_time", request.end_time) if request.HasField("end_time") else None,
    )


def holds(request: ListHoldsRequest) -> HoldFilter:
    """Read the filter of a ListHolds. Raises RequestFailed."""
    return HoldFilter(
        user=optional_identifier("user", request.user),
        chat=optional_identifier("chat_id", request.chat_id),
        state=_state("state", request.state),
    )
