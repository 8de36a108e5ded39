"""What administrators say about limits."""

from datetime import datetime

from almoner.v1.admin_service_pb2 import DeleteLimitRequest, SetLimitRequest
from almoner.v1.resources_pb2 import Target as TargetMessage

from almoner_server.core.errors import RequestFailed, invalid
from almoner_server.core.records import LimitKey, Target
from almoner_server.core.terms import IN_FLIGHT, Period, TargetKind
from almoner_server.rpc.validate import times
from almoner_server.rpc.validate.amounts import limit_amount, limit_unit
from almoner_server.rpc.validate.fields import (
    MAX_ID_BYTES,
    MAX_REASON_BYTES,
    bounded,
    enum_filter,
    enum_reader,
    identifier,
    not_allowed,
    required,
    uuid,
)
from almoner_server.store import DeleteLimit, RaiseLimit, SetLimit

_WITHOUT_ID = (TargetKind.NAMESPACE_DEFAULT, TargetKind.NAMESPACE_POOL)
_period = enum_reader(Period)
_target_kind = enum_reader(TargetKind)
period_filter = enum_filter(Period)


def set_limit(request: SetLimitRequest) -> SetLimit | RaiseLimit:
    """Read a SetLimit: to a value, or by a delta. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    key = _key(request)
    value = request.WhichOneof("value")
    expire_time = _expire_time(request, key)
    by_whom = _by_whom(request)
    if value == "delta":
        request_id = uuid("request_id", request.request_id)
        delta = limit_amount("delta", request.delta, 1)
        return RaiseLimit(namespace, key, delta, request_id, expire_time, *by_whom)
    if request.request_id:
        raise not_allowed("request_id", "only with delta", request.request_id[:64])
    if value == "amount":
        amount = limit_amount("amount", request.amount, 1 if key.target.kind is TargetKind.CHAT else 0)
        return SetLimit(namespace, key, amount, expire_time, *by_whom)
    if value == "unlimited" and request.unlimited:
        return SetLimit(namespace, key, None, expire_time, *by_whom)
    if value == "unlimited":
        raise not_allowed("unlimited", "only as true; set an amount instead", "false")
    raise required("value", "amount, unlimited or delta required")


def delete_limit(request: DeleteLimitRequest) -> DeleteLimit:
    """Read a DeleteLimit. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    return DeleteLimit(namespace, _key(request), *_by_whom(request))


def target_filter(given: TargetMessage | None) -> tuple[TargetKind | None, str]:
    """Read which kind of target a list is about, and which one of it; (None, "") for all."""
    if given is None or not (given.kind or given.id):
        return None, ""
    kind = _target_kind("target.kind", given.kind)
    return kind, _target_id(kind, given.id) if given.id else ""


def _key(request: SetLimitRequest | DeleteLimitRequest) -> LimitKey:
    """Read what a limit is set on. Raises RequestFailed; LIMIT_NOT_POSSIBLE if it does not go together."""
    if not request.HasField("target"):
        raise required("target")
    kind = _target_kind("target.kind", request.target.kind)
    target = Target(kind, _target_id(kind, request.target.id))
    key = LimitKey(target, limit_unit(request.unit), _period("period", request.period))
    if key.period is not Period.LIFETIME:
        if kind is TargetKind.CHAT:
            raise _not_possible(key, "LIFETIME for a chat")
        if key.unit == IN_FLIGHT:
            raise _not_possible(key, f"LIFETIME for {IN_FLIGHT}")
    return key


def _target_id(kind: TargetKind, text: str) -> str:
    if kind not in _WITHOUT_ID:
        return identifier("target.id", text)
    if text:
        raise not_allowed("target.id", f"for other kinds than {kind.name}", text[:64])
    return ""


def _expire_time(request: SetLimitRequest, key: LimitKey) -> datetime | None:
    if not request.HasField("expire_time"):
        return None
    if key.target.kind is not TargetKind.USER:
        raise not_allowed("expire_time", "only for a USER")
    return times.moment("expire_time", request.expire_time)


def _by_whom(request: SetLimitRequest | DeleteLimitRequest) -> tuple[str, str, str]:
    return (
        bounded("etag", request.etag, MAX_ID_BYTES),
        bounded("actor", request.actor, MAX_ID_BYTES),
        bounded("reason", request.reason, MAX_REASON_BYTES),
    )


def _not_possible(key: LimitKey, rule: str) -> RequestFailed:
    message = f"{key.period.name} is not possible, only {rule}"
    return invalid("LIMIT_NOT_POSSIBLE", "period", message, value=key.period.name, limit=rule)
