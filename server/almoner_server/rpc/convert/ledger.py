"""Holds, charges and their corrections."""

from collections.abc import MutableMapping, Sequence

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
from almoner_server.rpc.convert.decisions import fill_decision
from almoner_server.rpc.convert.times import set_timestamp, timestamp


def fill_commit(message: CommitResponse, result: CommitResult) -> None:
    """Write the answer to a Commit into a message. The charge is as it was booked: its corrections came later."""
    charge, replayed = result
    fill_charge(message.charge, charge)
    if charge.overrun:
        set_amounts(message.overrun, charge.overrun)
    if replayed:
        message.replayed = True


def release_response(result: HoldResult) -> ReleaseResponse:
    """Convert the answer to a Release."""
    return ReleaseResponse(hold=hold_message(result.hold))


def extend_response(result: HoldResult, wanted: Amounts) -> ExtendResponse:
    """Convert the answer to an Extend to `wanted` totals."""
    assert result.decision is not None
    response = ExtendResponse(hold=hold_message(result.hold))
    fill_decision(response.decision, result.decision, wanted)
    return response


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
        chat=_chat(hold.spender.chain) if hold.spender.chain else None,
        held={unit: amount for unit, amount in hold.held.items() if unit != IN_FLIGHT},
        spent=hold.spent,
        state=HoldState.ValueType(hold.state),
        admit_time=timestamp(hold.admit_time),
        window_time=timestamp(hold.window_time),
        expire_time=timestamp(hold.expire_time),
        on_expiry=ExpiryAction.ValueType(hold.on_expiry),
        settle_time=None if hold.settle_time is None else timestamp(hold.settle_time),
        attributes=hold.attributes,
    )


def charge_message(charge: Charge, adjustments: Sequence[Adjustment] = ()) -> ChargeMessage:
    """Convert a charge with its corrections, oldest first."""
    message = ChargeMessage(adjustments=[adjustment_message(adjustment) for adjustment in adjustments])
    fill_charge(message, charge)
    return message


def fill_charge(message: ChargeMessage, charge: Charge) -> None:
    """Write a charge into a message: part by part, since this is on the way of every commit."""
    message.id = str(charge.id)
    if charge.hold_id is not None:
        message.hold_id = message.id if charge.hold_id == charge.id else str(charge.hold_id)
    user, groups, chain = charge.spender
    message.subject.user = user
    if groups:
        message.subject.groups.extend(groups)
    if chain:
        message.chat.CopyFrom(_chat(chain))
    set_amounts(message.amounts, charge.amounts)
    set_amounts(message.net_amounts, charge.net)
    message.settlement = Settlement.ValueType(charge.settlement)
    if charge.open:
        message.open = True
    if charge.late:
        message.late = True
    message.origin = ChargeOrigin.ValueType(charge.origin)
    set_timestamp(message.occurred_at, charge.occurred_at)
    set_timestamp(message.create_time, charge.create_time)
    if charge.attributes:
        message.attributes.update(charge.attributes)


def set_amounts(message: MutableMapping[str, int], amounts: Amounts) -> None:
    """Write amounts into a map of a message: one by one, which is faster than the map's `update`."""
    for unit, amount in amounts.items():
        message[unit] = amount


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


def _chat(chain: Sequence[str]) -> ChatRef:
    return ChatRef(id=chain[-1], parent_id=chain[-2] if len(chain) > 1 else "")
