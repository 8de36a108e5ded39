"""Resource messages to types."""

from functools import lru_cache

from almoner.types.enums import (
    AccountKind,
    AdjustmentKind,
    ChargeOrigin,
    ExpiryAction,
    GroupRule,
    HoldState,
    Period,
    RefusalReason,
    Scope,
    Settlement,
    TargetKind,
)
from almoner.types.ledger import Adjustment, Charge, HoldInfo
from almoner.types.limits import Limit, LimitChange, LimitStatus
from almoner.types.namespace import Namespace
from almoner.types.parties import Account, Chat, Subject, Target
from almoner.types.status import AccountStatus, Usage
from almoner.v1 import resources_pb2 as pb
from almoner.wire.scalars import (
    enum_member,
    optional_datetime,
    optional_member,
    to_datetime,
    to_dict,
    window_bound,
)


def subject(message: pb.Subject) -> Subject:
    """Convert a subject."""
    return Subject(user=message.user, groups=tuple(message.groups) if message.groups else ())


def chat(message: pb.Hold | pb.Charge) -> Chat | None:
    """Convert the chat of a hold or a charge, None if it has none."""
    if not message.HasField("chat"):
        return None
    return Chat(id=message.chat.id, parent=message.chat.parent_id or None)


def target(message: pb.Target) -> Target:
    """Convert a target."""
    return _target(message.kind, message.id)


@lru_cache(maxsize=1024)
def _target(kind: int, ident: str) -> Target:
    """Convert a target: nearly every answer names one of the same few."""
    return Target(enum_member(TargetKind, kind), ident)


def limit(message: pb.Limit) -> Limit:
    """Convert a limit."""
    return Limit(
        target=target(message.target),
        unit=message.unit,
        period=enum_member(Period, message.period),
        amount=message.amount if message.HasField("amount") else None,
        expire_time=optional_datetime(message, "expire_time"),
        etag=message.etag,
        update_time=optional_datetime(message, "update_time"),
        updated_by=message.updated_by,
    )


def limit_status(message: pb.LimitStatus) -> LimitStatus:
    """Convert a limit as evaluated."""
    return LimitStatus(
        scope=enum_member(Scope, message.scope),
        source=target(message.source),
        unit=message.unit,
        period=enum_member(Period, message.period),
        limit=message.limit if message.HasField("limit") else None,
        spent=message.spent,
        held=message.held,
        remaining=message.remaining if message.HasField("remaining") else None,
        window_start_time=window_bound(message, "window_start_time"),
        reset_time=window_bound(message, "reset_time"),
        refusal_reason=optional_member(RefusalReason, message.refusal_reason),
    )


def limit_change(message: pb.LimitChange) -> LimitChange:
    """Convert a change. The field `from` is a keyword of Python, so both sides go by name."""
    before: pb.Limit | None = getattr(message, "from") if message.HasField("from") else None
    return LimitChange(
        id=message.id,
        target=target(message.target),
        unit=message.unit,
        period=enum_member(Period, message.period),
        before=limit(before) if before is not None else None,
        after=limit(message.to) if message.HasField("to") else None,
        change_time=to_datetime(message.change_time),
        actor=message.actor,
        reason=message.reason,
    )


def hold_info(message: pb.Hold) -> HoldInfo:
    """Convert a hold."""
    return HoldInfo(
        id=message.id,
        subject=subject(message.subject),
        chat=chat(message),
        held=to_dict(message.held),
        spent=to_dict(message.spent),
        state=enum_member(HoldState, message.state),
        admit_time=to_datetime(message.admit_time),
        window_time=to_datetime(message.window_time),
        expire_time=to_datetime(message.expire_time),
        on_expiry=enum_member(ExpiryAction, message.on_expiry),
        settle_time=optional_datetime(message, "settle_time"),
        attributes=to_dict(message.attributes),
    )


def adjustment(message: pb.Adjustment) -> Adjustment:
    """Convert an adjustment."""
    return Adjustment(
        id=message.id,
        charge_id=message.charge_id,
        kind=enum_member(AdjustmentKind, message.kind),
        amounts=to_dict(message.amounts),
        change=to_dict(message.change),
        reason=message.reason,
        create_time=to_datetime(message.create_time),
    )


def charge(message: pb.Charge) -> Charge:
    """Convert a charge."""
    return Charge(
        id=message.id,
        hold_id=message.hold_id or None,
        subject=subject(message.subject),
        chat=chat(message),
        amounts=to_dict(message.amounts),
        net_amounts=to_dict(message.net_amounts),
        settlement=enum_member(Settlement, message.settlement),
        open=message.open,
        late=message.late,
        origin=enum_member(ChargeOrigin, message.origin),
        occurred_at=to_datetime(message.occurred_at),
        create_time=to_datetime(message.create_time),
        attributes=to_dict(message.attributes),
        adjustments=tuple([adjustment(correction) for correction in message.adjustments]),
    )


def account_status(message: pb.AccountStatus) -> AccountStatus:
    """Convert what one account has spent."""
    return AccountStatus(
        account=Account(enum_member(AccountKind, message.account.kind), message.account.id),
        usages=tuple(_usage(usage) for usage in message.usages),
        open_holds=message.open_holds,
        open_estimates=message.open_estimates,
        open_unpriced=message.open_unpriced,
    )


def _usage(message: pb.Usage) -> Usage:
    return Usage(
        unit=message.unit,
        period=enum_member(Period, message.period),
        spent=message.spent,
        held=message.held,
        window_start_time=window_bound(message, "window_start_time"),
        reset_time=window_bound(message, "reset_time"),
    )


def namespace(message: pb.Namespace) -> Namespace:
    """Convert a namespace."""
    return Namespace(
        name=message.name,
        units=tuple(message.units),
        group_rule=enum_member(GroupRule, message.group_rule),
        enabled=message.enabled,
        etag=message.etag,
        create_time=optional_datetime(message, "create_time"),
    )
