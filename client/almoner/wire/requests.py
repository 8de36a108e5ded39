"""Arguments to request messages of the QuotaService. Every request that books gets its ids here."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from almoner.amounts import collect_amounts
from almoner.errors import InvalidArgument
from almoner.ids import new_id
from almoner.types.batch import Check, Commit, HoldOptions
from almoner.types.enums import AdjustmentKind, ExpiryAction, Settlement
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb
from almoner.wire.arguments import build, fault, several
from almoner.wire.scalars import enum_number, to_duration, to_timestamp


def subject(user: str | None, groups: Iterable[str]) -> pb.Subject | None:
    """Name who spends; None without a user.

    Raises:
        InvalidArgument: An id that cannot be sent.
    """
    if user is None:
        return None
    return build(pb.Subject, {"user": user, "groups": group_ids(groups)}, "subject.")


def group_ids(groups: Iterable[str]) -> tuple[str, ...]:
    """Take the ids of groups.

    Raises:
        InvalidArgument: Not a list, which one string is not either.
    """
    return several("subject.groups", groups)


def chat_ref(chat: str | None, parent: str | None) -> pb.ChatRef | None:
    """Name a chat; None without one.

    Raises:
        InvalidArgument: A parent without a chat, or an id that cannot be sent.
    """
    if chat is not None:
        return build(pb.ChatRef, {"id": chat, "parent_id": parent or ""}, "chat.")
    if parent is not None:
        raise _required("chat", "parent needs a chat")
    return None


def check_request(namespace: str, check: Check, *, wait: float | timedelta = 0) -> quota.CheckQuotaRequest:
    """Ask whether amounts may be spent.

    Raises:
        InvalidArgument: A value that cannot be sent.
    """
    fields = {
        "namespace": namespace,
        "subject": subject(check.user, check.groups),
        "chat": chat_ref(check.chat, check.parent),
        "hold": _hold_options(check.hold) if check.hold else None,
        "wait": to_duration(wait, "wait") if wait else None,
        "attributes": check.attributes or None,
    }
    request = build(quota.CheckQuotaRequest, fields)
    _set_amounts(request, collect_amounts(check.amounts, {}))
    return request


def _set_amounts(request: quota.CheckQuotaRequest | quota.CommitRequest, amounts: Mapping[str, int]) -> None:
    """Set amounts one by one: given a whole map, protobuf takes 3 us more, half of what a request costs."""
    try:
        for unit, amount in amounts.items():
            request.amounts[unit] = amount
    except (TypeError, ValueError):
        raise fault(type(request), {"amounts": amounts}) from None


def _hold_options(hold: HoldOptions) -> quota.HoldOptions:
    fields = {
        "id": hold.id,
        "ttl": to_duration(hold.ttl, "hold.ttl"),
        "on_expiry": enum_number(ExpiryAction, hold.on_expiry, "hold.on_expiry"),
    }
    return build(quota.HoldOptions, fields, "hold.")


def commit_request(namespace: str, commit: Commit) -> quota.CommitRequest:
    """Tell what was spent.

    Raises:
        InvalidArgument: A value that cannot be sent, or a real cost without any amount: a cost that is not
            known must be said to be so.
    """
    amounts = collect_amounts(commit.amounts, {})
    if not amounts and commit.settlement == Settlement.ACTUAL:
        raise _required("amounts", "give the cost (0 is one), or settlement ESTIMATE or UNPRICED")
    fields = {
        "namespace": namespace,
        "hold_id": commit.hold_id or "",
        "charge_id": commit.charge_id or "",
        "partial": commit.partial,
        "settlement": enum_number(Settlement, commit.settlement, "settlement"),
        "subject": subject(commit.user, commit.groups),
        "chat": chat_ref(commit.chat, commit.parent),
        "occurred_at": to_timestamp(commit.occurred_at, "occurred_at") if commit.occurred_at else None,
        "attributes": commit.attributes or None,
    }
    request = build(quota.CommitRequest, fields)
    _set_amounts(request, amounts)
    return request


def extend_request(
    namespace: str, hold_id: str, amounts: Mapping[str, int], ttl: float | timedelta | None
) -> quota.ExtendRequest:
    """Change the amounts or the time to live of a hold.

    Raises:
        InvalidArgument: Neither is given, or a value that cannot be sent.
    """
    if not amounts and ttl is None:
        raise _required("ttl", "give new amounts or a new ttl")
    fields = {
        "namespace": namespace,
        "hold_id": hold_id,
        "amounts": amounts,
        "ttl": None if ttl is None else to_duration(ttl, "ttl"),
    }
    return build(quota.ExtendRequest, fields)


def release_request(namespace: str, hold_id: str) -> quota.ReleaseRequest:
    """Give a hold back.

    Raises:
        InvalidArgument: An id that cannot be sent.
    """
    return build(quota.ReleaseRequest, {"namespace": namespace, "hold_id": hold_id})


def adjust_request(
    namespace: str,
    charge_id: str,
    kind: AdjustmentKind,
    amounts: Mapping[str, int],
    adjustment_id: str | None,
    reason: str,
) -> quota.AdjustRequest:
    """Correct a charge.

    Raises:
        InvalidArgument: A value that cannot be sent.
    """
    fields = {
        "namespace": namespace,
        "charge_id": charge_id,
        "adjustment_id": adjustment_id or new_id(),
        "kind": enum_number(AdjustmentKind, kind, "kind"),
        "amounts": amounts,
        "reason": reason,
    }
    return build(quota.AdjustRequest, fields)


def status_request(
    namespace: str, user: str | None, groups: Iterable[str], chat: str | None, parent: str | None
) -> quota.GetStatusRequest:
    """Ask what is left.

    Raises:
        InvalidArgument: A value that cannot be sent.
    """
    return quota.GetStatusRequest(
        namespace=namespace, subject=subject(user, groups), chat=chat_ref(chat, parent)
    )


def _required(field: str, hint: str) -> InvalidArgument:
    return InvalidArgument(f"{field}: required: {hint}", reason="FIELD_REQUIRED", metadata={"field": field})
