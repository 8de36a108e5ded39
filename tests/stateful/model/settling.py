"""Commits and adjustments (docs/semantics.md, Settlement, Adjustments)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from almoner.v1.quota_service_pb2 import (
    AdjustRequest,
    AdjustResponse,
    CheckQuotaResponse,
    CommitRequest,
    CommitResponse,
)
from almoner.v1.resources_pb2 import (
    Adjustment,
    AdjustmentKind,
    ChargeOrigin,
    ExpiryAction,
    HoldState,
    Settlement,
)

from tests.stateful.model.booking import as_it_is, book
from tests.stateful.model.chats import chain_of, remember, require_possible
from tests.stateful.model.expiry import estimate_id, expire_due
from tests.stateful.model.windows import moment_of, stamp
from tests.stateful.model.world import ChargeEntry, Content, HoldEntry, Refusal, Spender, World

CLOCK_SKEW = timedelta(minutes=1)


def commit(world: World, request: CommitRequest) -> CommitResponse:
    """Answer a Commit."""
    expire_due(world)
    world.require_units(set(request.amounts))
    require_possible(request.chat)
    charge_id = request.charge_id or request.hold_id
    known = world.charges.get(charge_id)
    if known is not None:
        return _again(known, request)
    hold = world.holds.get(request.hold_id)
    overrun: dict[str, int] = {}
    if hold is not None:
        _require_same_spender(request, hold)
        amounts = _amounts(request, hold)
        overrun = {
            unit: amounts[unit] - held for unit, held in hold.held.items() if amounts.get(unit, 0) > held
        }
        charge = _on_hold(world, request, hold, charge_id, amounts)
    else:
        charge = _direct(world, request, charge_id)
    charge.content = _content(request)
    charge.answer = CommitResponse(charge=charge.message, overrun=overrun)
    return charge.answer


def adjust(world: World, request: AdjustRequest) -> AdjustResponse:
    """Answer an Adjust."""
    expire_due(world)
    world.require_units(set(request.amounts))
    made = [pair for charge in world.charges.values() for pair in charge.adjustments]
    known = next((pair for pair in made if pair[1].adjustment.id == request.adjustment_id), None)
    if known is not None and known[0] != request:
        raise Refusal("ALREADY_EXISTS", "ID_REUSED")
    charge = world.charges.get(request.charge_id)
    if charge is None:
        raise Refusal("NOT_FOUND", "CHARGE_NOT_FOUND")
    if known is not None:
        return _adjusted_before(known[1])
    if request.kind == AdjustmentKind.ADJUSTMENT_KIND_REFUND:
        if any(amount > charge.net.get(unit, 0) for unit, amount in request.amounts.items()):
            raise Refusal("FAILED_PRECONDITION", "REFUND_EXCEEDS_CHARGE")
        return _enter(world, charge, request, {unit: -amount for unit, amount in request.amounts.items()})
    if not charge.open:
        raise Refusal("FAILED_PRECONDITION", "CHARGE_NOT_ESTIMATED")
    charge.open = False
    change = {unit: amount - charge.net.get(unit, 0) for unit, amount in request.amounts.items()}
    return _enter(world, charge, request, change)


def _on_hold(
    world: World, request: CommitRequest, hold: HoldEntry, charge_id: str, amounts: Mapping[str, int]
) -> ChargeEntry:
    late = not hold.open
    if late:
        _undo_estimate(world, hold)
    elif request.partial:
        hold.held = {unit: max(0, held - amounts.get(unit, 0)) for unit, held in hold.held.items()}
    else:
        hold.held, hold.state, hold.settle_time = {}, HoldState.HOLD_STATE_COMMITTED, world.now
    return book(
        world,
        hold.spender,
        hold.window_time,
        id=charge_id,
        hold_id=hold.id,
        amounts=amounts,
        settlement=request.settlement or Settlement.SETTLEMENT_ACTUAL,
        origin=ChargeOrigin.CHARGE_ORIGIN_HOLD,
        attributes=request.attributes,
        late=late,
    )


def _require_same_spender(request: CommitRequest, hold: HoldEntry) -> None:
    chat = hold.spender.chain[-1] if hold.spender.chain else ""
    if request.subject.user not in ("", hold.spender.user) or request.chat.id not in ("", chat):
        raise Refusal("INVALID_ARGUMENT", "HOLD_MISMATCH")


def _direct(world: World, request: CommitRequest, charge_id: str) -> ChargeEntry:
    if not request.subject.user:
        raise Refusal("NOT_FOUND", "HOLD_NOT_FOUND")
    if request.settlement == Settlement.SETTLEMENT_ESTIMATE and not request.amounts:
        raise Refusal("INVALID_ARGUMENT", "FIELD_REQUIRED")
    chain = chain_of(world, request.chat.id, request.chat.parent_id)
    groups = world.groups_of(request.subject.user, set(request.subject.groups))
    spender = Spender(request.subject.user, groups, chain)
    occurred_at = _occurred_at(world, request)
    remember(world, chain)
    charge = book(
        world,
        spender,
        occurred_at,
        id=charge_id,
        hold_id=request.hold_id,
        amounts=request.amounts,
        settlement=request.settlement or Settlement.SETTLEMENT_ACTUAL,
        origin=ChargeOrigin.CHARGE_ORIGIN_DIRECT,
        attributes=request.attributes,
    )
    if request.hold_id:
        world.holds[request.hold_id] = _settled_from_now_on(world, request.hold_id, spender)
    return charge


def _settled_from_now_on(world: World, hold_id: str, spender: Spender) -> HoldEntry:
    return HoldEntry(
        id=hold_id,
        spender=spender,
        held={},
        admit_time=world.now,
        window_time=world.now,
        named_groups=set(),
        expire_time=world.now,
        on_expiry=ExpiryAction.EXPIRY_ACTION_RELEASE,
        attributes={},
        content=(),
        answer=CheckQuotaResponse(),
        state=HoldState.HOLD_STATE_COMMITTED,
        settle_time=world.now,
    )


def _amounts(request: CommitRequest, hold: HoldEntry) -> dict[str, int]:
    if request.amounts or request.settlement != Settlement.SETTLEMENT_ESTIMATE:
        return dict(request.amounts)
    if not hold.open:
        raise Refusal("INVALID_ARGUMENT", "FIELD_REQUIRED")
    return dict(hold.held)


def _occurred_at(world: World, request: CommitRequest) -> datetime:
    if not request.HasField("occurred_at"):
        return world.now
    moment = moment_of(request.occurred_at)
    if moment > world.now + CLOCK_SKEW:
        raise Refusal("INVALID_ARGUMENT", "TIME_OUT_OF_RANGE")
    return min(moment, world.now)


def _undo_estimate(world: World, hold: HoldEntry) -> None:
    """Let the real cost take the place of what expiry booked, once."""
    estimate = world.charges.get(estimate_id(hold))
    request = AdjustRequest(kind=AdjustmentKind.ADJUSTMENT_KIND_ACTUAL)
    if estimate is None or any(made == request for made, _ in estimate.adjustments):
        return
    estimate.open = False
    answer = _enter(world, estimate, request, {unit: -net for unit, net in estimate.net.items()})
    answer.adjustment.id = str(uuid5(UUID(estimate_id(hold)), "late commit"))
    answer.adjustment.reason = "the real cost was committed after expiry"


def _enter(
    world: World, charge: ChargeEntry, request: AdjustRequest, change: dict[str, int]
) -> AdjustResponse:
    charge.net = {unit: charge.net.get(unit, 0) + change.get(unit, 0) for unit in charge.net.keys() | change}
    adjustment = Adjustment(
        id=request.adjustment_id,
        charge_id=charge.message.id,
        kind=request.kind,
        amounts=request.amounts,
        change=change,
        reason=request.reason,
        create_time=stamp(world.now),
    )
    answer = AdjustResponse(adjustment=adjustment)
    charge.adjustments.append((request, answer))
    answer.charge.CopyFrom(as_it_is(charge))
    return answer


def _adjusted_before(first: AdjustResponse) -> AdjustResponse:
    """Repeat the answer of then."""
    again = AdjustResponse()
    again.CopyFrom(first)
    again.replayed = True
    return again


def _again(charge: ChargeEntry, request: CommitRequest) -> CommitResponse:
    if charge.content != _content(request):
        raise Refusal("ALREADY_EXISTS", "ID_REUSED")
    again = CommitResponse()
    again.CopyFrom(charge.answer)
    again.replayed = True
    return again


def _content(request: CommitRequest) -> Content:
    return (
        request.hold_id,
        dict(request.amounts),
        request.partial,
        request.settlement or Settlement.SETTLEMENT_ACTUAL,
        (request.subject.user, frozenset(request.subject.groups)),
        (request.chat.id, request.chat.parent_id),
        moment_of(request.occurred_at) if request.HasField("occurred_at") else None,
        dict(request.attributes),
    )
