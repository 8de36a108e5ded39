"""What a caller is answered from the journal, while the authority cannot be."""

from datetime import UTC, datetime

from almoner.journal.local import LocalHold
from almoner.types.decision import Checked, Decision
from almoner.types.enums import ChargeOrigin, ExpiryAction, HoldState, Settlement
from almoner.types.ledger import Charge, Committed, HoldInfo
from almoner.types.parties import Chat, Subject
from almoner.v1 import quota_service_pb2 as quota
from almoner.wire.scalars import enum_member, optional_datetime


def pending(request: quota.CommitRequest) -> Committed:
    """Answer a commit that is on disk here and not booked yet."""
    now = datetime.now(UTC)
    settlement = enum_member(Settlement, request.settlement)
    charge = Charge(
        id=request.charge_id or request.hold_id,
        hold_id=request.hold_id or None,
        subject=_subject(request),
        chat=_chat(request),
        amounts=dict(request.amounts),
        net_amounts=dict(request.amounts),
        settlement=settlement,
        open=settlement is not Settlement.ACTUAL,
        late=False,
        origin=ChargeOrigin.HOLD if request.hold_id else ChargeOrigin.DIRECT,
        occurred_at=optional_datetime(request, "occurred_at") or now,
        create_time=now,
        attributes=dict(request.attributes),
        adjustments=(),
    )
    return Committed(charge=charge, overrun={}, replayed=False, pending=True)


def _subject(request: quota.CommitRequest | quota.CheckQuotaRequest) -> Subject:
    return Subject(user=request.subject.user, groups=tuple(request.subject.groups))


def _chat(request: quota.CommitRequest | quota.CheckQuotaRequest) -> Chat | None:
    if not request.HasField("chat"):
        return None
    return Chat(id=request.chat.id, parent=request.chat.parent_id or None)


def locally_allowed(hold: LocalHold) -> Checked:
    """Answer a check that the local allowance covers."""
    decision = Decision(
        allowed=True,
        reason=None,
        limits=(),
        refused_by=(),
        retry_after=None,
        message="Allowed by the local allowance: the authority cannot be reached.",
        degraded=True,
    )
    if not hold.request.HasField("hold"):
        return Checked(decision=decision, hold_id=None, hold_expire_time=None)
    return Checked(decision=decision, hold_id=hold.request.hold.id, hold_expire_time=_time(hold.expire_time))


def local_hold(hold: LocalHold) -> HoldInfo:
    """Show a hold that was made here."""
    ended = hold.settled
    request = hold.request
    return HoldInfo(
        id=request.hold.id,
        subject=_subject(request),
        chat=_chat(request),
        held={} if ended else hold.rest,
        spent=dict(hold.booked),
        state=HoldState.RELEASED if ended else HoldState.OPEN,
        admit_time=_time(hold.admit_time),
        window_time=_time(hold.admit_time),
        expire_time=_time(hold.expire_time),
        on_expiry=ExpiryAction.RELEASE,
        settle_time=datetime.now(UTC) if ended else None,
        attributes=dict(request.attributes),
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
