"""Response messages of the QuotaService to types."""

from datetime import timedelta

from almoner.errors import CallError, call_error
from almoner.types.decision import Checked, Decision
from almoner.types.enums import RefusalReason
from almoner.types.ledger import Adjusted, Committed
from almoner.types.status import Status
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb
from almoner.wire.failures import CODE_NAMES
from almoner.wire.resources import account_status, adjustment, charge, limit_status
from almoner.wire.scalars import optional_datetime, optional_member, to_datetime, to_dict


def decision(message: pb.Decision, *, degraded: bool = False) -> Decision:
    """Convert a decision."""
    return Decision(
        allowed=message.allowed,
        reason=optional_member(RefusalReason, message.reason),
        limits=tuple([limit_status(limit) for limit in message.limits]),
        refused_by=tuple([limit_status(limit) for limit in message.refused_by]),
        retry_after=_retry_after(message),
        message=message.message,
        degraded=degraded,
    )


def _retry_after(message: pb.Decision) -> timedelta | None:
    return message.retry_after.ToTimedelta() if message.HasField("retry_after") else None


def pause(message: quota.CheckQuotaResponse) -> float:
    """Give the seconds after which to ask again: as the answer says, else a second."""
    return message.decision.retry_after.ToTimedelta().total_seconds() or 1.0


def checked(message: quota.CheckQuotaResponse) -> Checked:
    """Convert the answer to a check."""
    return Checked(
        decision=decision(message.decision, degraded=message.degraded),
        hold_id=message.hold_id or None,
        hold_expire_time=optional_datetime(message, "hold_expire_time"),
    )


def committed(message: quota.CommitResponse) -> Committed:
    """Convert the answer to a commit."""
    return Committed(
        charge=charge(message.charge), overrun=to_dict(message.overrun), replayed=message.replayed
    )


def adjusted(message: quota.AdjustResponse) -> Adjusted:
    """Convert the answer to an adjustment."""
    return Adjusted(
        charge=charge(message.charge),
        adjustment=adjustment(message.adjustment),
        replayed=message.replayed,
    )


def status(message: quota.GetStatusResponse) -> Status:
    """Convert a status."""
    return Status(
        limits=tuple([limit_status(limit) for limit in message.limits]),
        accounts=tuple(account_status(account) for account in message.accounts),
        chat_chain=tuple(message.chat_chain),
        chat_remaining=to_dict(message.chat_remaining),
        as_of_time=to_datetime(message.as_of_time),
    )


def check_result(message: quota.CheckQuotaResult) -> Checked | CallError:
    """Convert one answer of a batch of checks."""
    return item_error(message.error) if message.HasField("error") else checked(message.response)


def commit_result(message: quota.CommitResult) -> Committed | CallError:
    """Convert one answer of a batch of commits."""
    return item_error(message.error) if message.HasField("error") else committed(message.response)


def item_error(message: pb.ItemError) -> CallError:
    """Convert the error of one item, as if its call had been made alone."""
    code = CODE_NAMES.get(message.code, "UNKNOWN")
    return call_error(code, message.message, message.reason, dict(message.metadata))
