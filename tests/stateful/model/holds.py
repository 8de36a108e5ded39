"""Checks and the life of a hold (docs/semantics.md, Admission, Holds)."""

from datetime import timedelta

from almoner.v1.quota_service_pb2 import (
    AdjustRequest,
    AdjustResponse,
    CheckQuotaRequest,
    CheckQuotaResponse,
    ExtendRequest,
    ExtendResponse,
    ReleaseRequest,
    ReleaseResponse,
)
from almoner.v1.resources_pb2 import ChatRef, Decision, ExpiryAction, Hold, HoldState, Subject

from tests.stateful.model.chats import chain_of, remember, require_possible
from tests.stateful.model.evaluation import decide, limits_of
from tests.stateful.model.expiry import expire_due
from tests.stateful.model.windows import stamp
from tests.stateful.model.world import IN_FLIGHT, Content, HoldEntry, Refusal, Spender, World

DEFAULT_TTL = timedelta(minutes=10)


def check(world: World, request: CheckQuotaRequest) -> CheckQuotaResponse:
    """Answer a CheckQuota."""
    expire_due(world)
    world.require_units(set(request.amounts))
    require_possible(request.chat)
    known = world.holds.get(request.hold.id)
    if known is not None:
        return _again(known, request)
    chain = chain_of(world, request.chat.id, request.chat.parent_id)
    groups = world.groups_of(request.subject.user, set(request.subject.groups))
    spender = Spender(request.subject.user, groups, chain)
    wanted = dict(request.amounts) | ({IN_FLIGHT: 1} if request.HasField("hold") else {})
    answer = CheckQuotaResponse(decision=decide(world, limits_of(world, spender), wanted))
    if answer.decision.allowed and request.HasField("hold"):
        _admit(world, request, spender, answer)
    return answer


def release(world: World, request: ReleaseRequest) -> ReleaseResponse:
    """Answer a Release."""
    hold = require(world, request.hold_id)
    if hold.open:
        hold.state, hold.settle_time, hold.held = HoldState.HOLD_STATE_RELEASED, world.now, {}
    charged = (
        hold.on_expiry == ExpiryAction.EXPIRY_ACTION_CHARGE and hold.state == HoldState.HOLD_STATE_EXPIRED
    )
    if charged or hold.state == HoldState.HOLD_STATE_COMMITTED:
        raise Refusal("FAILED_PRECONDITION", "HOLD_SETTLED")
    return ReleaseResponse(hold=hold_message(world, hold))


def extend(world: World, request: ExtendRequest) -> ExtendResponse:
    """Answer an Extend."""
    world.require_units(set(request.amounts))
    hold = require(world, request.hold_id)
    if not hold.open:
        raise Refusal("FAILED_PRECONDITION", "HOLD_SETTLED")
    committed = committed_on(world, hold)
    if any(total < committed.get(unit, 0) for unit, total in request.amounts.items()):
        raise Refusal("FAILED_PRECONDITION", "BELOW_COMMITTED")
    wanted = hold.held | {unit: total - committed.get(unit, 0) for unit, total in request.amounts.items()}
    decision = Decision(allowed=True)
    if any(amount > hold.held.get(unit, 0) for unit, amount in wanted.items()):
        groups = world.groups_of(hold.spender.user, hold.named_groups)
        limits = limits_of(world, hold.spender, groups)
        decision = decide(world, limits, wanted | {IN_FLIGHT: 1}, instead_of=hold)
        if decision.allowed and world.now.date() != hold.window_time.date():
            hold.window_time = world.now
    if decision.allowed:
        hold.held = wanted
        if request.HasField("ttl"):
            hold.expire_time = world.now + request.ttl.ToTimedelta()
    return ExtendResponse(decision=decision, hold=hold_message(world, hold))


def require(world: World, hold_id: str) -> HoldEntry:
    """Return a hold as it is now."""
    expire_due(world)
    if hold_id not in world.holds:
        raise Refusal("NOT_FOUND", "HOLD_NOT_FOUND")
    return world.holds[hold_id]


def committed_on(world: World, hold: HoldEntry) -> dict[str, int]:
    """Sum what was booked on a hold, an estimate counting until the real cost took its place."""
    charges = [charge for charge in world.charges.values() if charge.message.hold_id == hold.id]
    booked = [charge.message.amounts for charge in charges if not _undone(charge.adjustments)]
    return {unit: sum(amounts.get(unit, 0) for amounts in booked) for unit in world.units}


def hold_message(world: World, hold: HoldEntry) -> Hold:
    """Describe a hold."""
    return Hold(
        id=hold.id,
        subject=Subject(user=hold.spender.user, groups=hold.spender.groups),
        chat=chat_message(hold.spender),
        held=hold.held,
        spent=committed_on(world, hold),
        state=hold.state,
        admit_time=stamp(hold.admit_time),
        window_time=stamp(hold.window_time),
        expire_time=stamp(hold.expire_time),
        on_expiry=hold.on_expiry,
        settle_time=stamp(hold.settle_time) if hold.settle_time else None,
        attributes=hold.attributes,
    )


def chat_message(spender: Spender) -> ChatRef | None:
    """Describe the chat of a spender, with its parent."""
    if not spender.chain:
        return None
    return ChatRef(id=spender.chain[-1], parent_id=spender.chain[-2] if len(spender.chain) > 1 else "")


def _undone(adjustments: list[tuple[AdjustRequest, AdjustResponse]]) -> bool:
    return any(not request.adjustment_id for request, _ in adjustments)


def _admit(world: World, request: CheckQuotaRequest, spender: Spender, answer: CheckQuotaResponse) -> None:
    ttl = request.hold.ttl.ToTimedelta() if request.hold.HasField("ttl") else DEFAULT_TTL
    answer.hold_id = request.hold.id
    answer.hold_expire_time.CopyFrom(stamp(world.now + ttl))
    remember(world, spender.chain)
    world.holds[request.hold.id] = HoldEntry(
        id=request.hold.id,
        spender=spender,
        held=dict(request.amounts),
        admit_time=world.now,
        window_time=world.now,
        named_groups=set(request.subject.groups),
        expire_time=world.now + ttl,
        on_expiry=request.hold.on_expiry or ExpiryAction.EXPIRY_ACTION_RELEASE,
        attributes=dict(request.attributes),
        content=_content(request),
        answer=answer,
    )


def _again(hold: HoldEntry, request: CheckQuotaRequest) -> CheckQuotaResponse:
    if not hold.open:
        raise Refusal("FAILED_PRECONDITION", "HOLD_SETTLED")
    if hold.content != _content(request):
        raise Refusal("ALREADY_EXISTS", "ID_REUSED")
    return hold.answer


def _content(request: CheckQuotaRequest) -> Content:
    hold = request.hold
    return (
        request.subject.user,
        frozenset(request.subject.groups),
        (request.chat.id, request.chat.parent_id),
        dict(request.amounts),
        hold.ttl.ToTimedelta() if hold.HasField("ttl") else DEFAULT_TTL,
        hold.on_expiry or ExpiryAction.EXPIRY_ACTION_RELEASE,
        dict(request.attributes),
    )
