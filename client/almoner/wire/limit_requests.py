"""Arguments to request messages about limits.

What cannot be sent raises InvalidArgument, which names the field.
"""

from datetime import datetime

from almoner.types.enums import Period, TargetKind
from almoner.types.parties import Target
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb
from almoner.wire.arguments import build, not_sendable
from almoner.wire.scalars import enum_number, to_timestamp


def target(value: Target | None) -> pb.Target | None:
    """Name what a limit is set on; None as a filter: all.

    Raises:
        InvalidArgument: Not a target, or one that cannot be.
    """
    if value is None:
        return None
    if not isinstance(value, Target):
        raise not_sendable(
            "target", value, "a Target, such as Target.user('u-17')", reason="FIELD_NOT_ALLOWED"
        )
    fields = {"kind": enum_number(TargetKind, value.kind, "target.kind"), "id": value.id}
    return build(pb.Target, fields, "target.")


def set_limit_request(
    namespace: str,
    on: Target,
    unit: str,
    period: Period,
    *,
    expire_time: datetime | None,
    etag: str,
    actor: str,
    reason: str,
) -> admin.SetLimitRequest:
    """Set a limit; the caller adds the value."""
    fields = {
        "namespace": namespace,
        "target": target(on),
        "unit": unit,
        "period": enum_number(Period, period, "period"),
        "expire_time": to_timestamp(expire_time, "expire_time") if expire_time else None,
        "etag": etag,
        "actor": actor,
        "reason": reason,
    }
    return build(admin.SetLimitRequest, fields)


def delete_limit_request(
    namespace: str, on: Target, unit: str, period: Period, *, etag: str, actor: str, reason: str
) -> admin.DeleteLimitRequest:
    """Remove a limit."""
    fields = {
        "namespace": namespace,
        "target": target(on),
        "unit": unit,
        "period": enum_number(Period, period, "period"),
        "etag": etag,
        "actor": actor,
        "reason": reason,
    }
    return build(admin.DeleteLimitRequest, fields)


def list_limits_request(
    namespace: str, on: Target | None, unit: str, page_size: int
) -> admin.ListLimitsRequest:
    """Filter the limits."""
    fields = {"namespace": namespace, "target": target(on), "unit": unit, "page_size": page_size}
    return build(admin.ListLimitsRequest, fields)


def list_limit_changes_request(
    namespace: str, on: Target | None, unit: str, period: Period | None, page_size: int
) -> admin.ListLimitChangesRequest:
    """Filter the history of limits."""
    fields = {
        "namespace": namespace,
        "target": target(on),
        "unit": unit,
        "period": enum_number(Period, period, "period"),
        "page_size": page_size,
    }
    return build(admin.ListLimitChangesRequest, fields)
