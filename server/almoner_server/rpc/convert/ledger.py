"""Holds, charges and their corrections."""

from collections.abc import Sequence

from almoner.v1.quota_service_pb2 import (
    AdjustResponse,
    CommitResponse,
    ExtendResponse,
    ReleaseResponse,
)
from almoner.v1.resources_pb2 import (
    Adjustment as AdjustmentMessage,
)
from almoner.v1.resources_pb2 import (
    AdjustmentKind,
    ChargeOrigin,
    ChatRef,
    ExpiryAction,
    HoldState,
    Settlement,
    Subject,
)
from almoner.v1.resources_pb2 import Charge as ChargeMessage
from almoner.v1.resources_pb2 import Hold as HoldMessage

from almoner_server.core.records import Adjustment, Amounts, Charge, Hold, Spender
from almoner_server.core.requests import AdjustResult, CommitResult, HoldResult
from almoner_server.core.terms import IN_FLIGHT
from almoner_server.rpc.convert.decisions import decision_message
from almoner_server.rpc.convert.times import timestamp


def commit_response(result: CommitResult) -> CommitResponse:
    """Convert the answer to a Commit. The charge is as it was booked: its corrections came later."""
    charge = result.charge
    return CommitResponse(charge=charge_message(charge), overrun=charge.overrun, replayed=result.replayed)


def release_response(result: HoldResult) -> ReleaseResponse:
    """Convert the answer to a Release."""
    return ReleaseResponse(hold=hold_message(result.hold))


def extend_response(result: HoldResult, wanted: Amounts) -> ExtendResponse:
    """Convert the answer to an Extend to `wanted` totals."""
    assert result.decision is not None
    decision = decision_message(result.decision, wanted)
    return ExtendResponse(decision=decision, hold=hold_message(result.hold))


def adjust_response(result: AdjustResult, adjustments: Sequence[Adjustment]) -> AdjustResponse:
    """Convert the answer to an Adjust; `adjustments` are all of the charge so far."""
    return AdjustResponse(
        charge=charge_message(result.charge, adjustments),
        adjustment=adjustment_message(result.adjustment),
        replayed=result.replayed,
    )


def hold_message(hold: Hold) -> HoldMessage:
    """Convert a hold. That it counts 1 in flight is not an amount of its own."""
    return HoldMessage(
        id=str(hold.id),
        subject=_subject(hold.spender),
        chat=_chat(hold.spender),
        held={unit: amount for unit, amount in hold.held.items() if unit != IN_FLIGHT},
        spent=hold.spent,
        state=HoldState.ValueType(hold.state),
        admit_time=timestamp(hold.admit_time),
        expire_time=timestamp(hold.expire_time),
        on_expiry=ExpiryAction.ValueType(hold.on_expiry),
        settle_time=None if hold.settle_time is None else timestamp(hold.settle_time),
        attributes=hold.attributes,
    )


def charge_message(charge: Charge, adjustments: Sequence[Adjustment] = ()) -> ChargeMessage:
    """Convert a charge with its corrections, oldest first."""
    return ChargeMessage(
        id=str(charge.id),
        hold_id="" if charge.hold_id is None else str(charge.hold_id),
        subject=_subject(charge.spender),
        chat=_chat(charge.spender),
        amounts=charge.amounts,
        net_amounts=charge.net,
        settlement=Settlement.ValueType(charge.settlement),
        open=charge.open,
        late=charge.late,
        origin=ChargeOrigin.ValueType(charge.origin),
        occurred_at=timestamp(charge.occurred_at),
        create_time=timestamp(charge.create_time),
        attributes=charge.attributes,
        adjustments=[adjustment_message(adjustment) for adjustment in adjustments],
    )


def adjustment_message(adjustment: Adjustment) -> AdjustmentMessage:
    """Convert a correction of a charge."""
    return AdjustmentMessage(
        id=str(adjustment.id),
        charge_id=str(adjustment.charge_id),
        kind=AdjustmentKind.ValueType(adjustment.kind),
        amounts=adjustment.amounts,
        change=adjustment.change,
        reason=adjustment.reason,
        create_time=timestamp(adjustment.create_time),
    )


def _subject(spender: Spender) -> Subject:
    return Subject(user=spender.user, groups=spender.groups)


def _chat(spender: Spender) -> ChatRef | None:
    if not spender.chain:
        return None
    return ChatRef(id=spender.chain[-1], parent_id=spender.chain[-2] if len(spender.chain) > 1 else "")
