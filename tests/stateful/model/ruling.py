"""Limits, groups and settings (docs/semantics.md, Limits, Namespaces)."""

from almoner.v1.admin_service_pb2 import (
    DeleteLimitRequest,
    DeleteLimitResponse,
    SetLimitRequest,
    SetLimitResponse,
    SetUserGroupsRequest,
    SetUserGroupsResponse,
    UpdateNamespaceRequest,
    UpdateNamespaceResponse,
)
from almoner.v1.resources_pb2 import PERIOD_LIFETIME, Limit, LimitChange, Namespace, TargetKind

from tests.stateful.model.evaluation import in_force
from tests.stateful.model.windows import stamp
from tests.stateful.model.world import IN_FLIGHT, LimitKey, Refusal, World

MAX_LIMIT = 10**15


def set_limit(world: World, request: SetLimitRequest) -> SetLimitResponse:
    """Answer a SetLimit."""
    key = _key(world, request)
    if request.WhichOneof("value") == "delta":
        return _top_up(world, key, request)
    world.require_units({request.unit} - {IN_FLIGHT})
    current = in_force(world, key)
    wanted = Limit(target=request.target, unit=request.unit, period=request.period)
    if request.unlimited:
        wanted.unlimited = True
    else:
        wanted.amount = request.amount
    if request.HasField("expire_time"):
        wanted.expire_time.CopyFrom(request.expire_time)
    if current and _value(current) == _value(wanted):
        return SetLimitResponse(limit=current)
    _require_etag(request, current)
    return SetLimitResponse(limit=_put(world, key, request, current, wanted))


def delete_limit(world: World, request: DeleteLimitRequest) -> DeleteLimitResponse:
    """Answer a DeleteLimit."""
    key = _key(world, request)
    current = in_force(world, key)
    if current is None:
        raise Refusal("NOT_FOUND", "LIMIT_NOT_FOUND")
    _require_etag(request, current)
    del world.limits[key]
    _record(world, request, current, None)
    return DeleteLimitResponse()


def set_user_groups(world: World, request: SetUserGroupsRequest) -> SetUserGroupsResponse:
    """Answer a SetUserGroups."""
    world.groups[request.user] = set(request.groups)
    return SetUserGroupsResponse(groups=sorted(world.groups[request.user]))


def update_namespace(world: World, request: UpdateNamespaceRequest) -> UpdateNamespaceResponse:
    """Answer an UpdateNamespace."""
    paths = set(request.update_mask.paths)
    if "units" in paths:
        if world.units - set(request.namespace.units):
            raise Refusal("FAILED_PRECONDITION", "UNIT_REMOVED")
        world.units = set(request.namespace.units)
    if "group_rule" in paths:
        world.group_rule = request.namespace.group_rule
    if "enabled" in paths:
        world.enabled = request.namespace.enabled
    return UpdateNamespaceResponse(
        namespace=Namespace(
            name=request.namespace.name,
            units=sorted(world.units),
            group_rule=world.group_rule,
            enabled=world.enabled,
            create_time=stamp(world.create_time),
        )
    )


def _top_up(world: World, key: LimitKey, request: SetLimitRequest) -> SetLimitResponse:
    content = (key, request.delta, request.expire_time.SerializeToString())
    if request.request_id in world.top_ups:
        before, answer = world.top_ups[request.request_id]
        if before != content:
            raise Refusal("ALREADY_EXISTS", "ID_REUSED")
        return SetLimitResponse(limit=answer.limit, replayed=True)
    world.require_units({request.unit} - {IN_FLIGHT})
    current = in_force(world, key)
    if current is None:
        raise Refusal("NOT_FOUND", "LIMIT_NOT_FOUND")
    _require_etag(request, current)
    if current.unlimited:
        raise Refusal("FAILED_PRECONDITION", "LIMIT_UNLIMITED")
    wanted = Limit()
    wanted.CopyFrom(current)
    wanted.amount = current.amount + request.delta
    if request.HasField("expire_time"):
        wanted.expire_time.CopyFrom(request.expire_time)
    answer = SetLimitResponse(limit=_put(world, key, request, current, wanted))
    world.top_ups[request.request_id] = (content, answer)
    return answer


def _key(world: World, request: SetLimitRequest | DeleteLimitRequest) -> LimitKey:
    lifetime_only = request.target.kind == TargetKind.TARGET_KIND_CHAT or request.unit == IN_FLIGHT
    if lifetime_only and request.period != PERIOD_LIFETIME:
        raise Refusal("INVALID_ARGUMENT", "LIMIT_NOT_POSSIBLE")
    if isinstance(request, SetLimitRequest):
        if request.HasField("expire_time") and request.target.kind != TargetKind.TARGET_KIND_USER:
            raise Refusal("INVALID_ARGUMENT", "FIELD_NOT_ALLOWED")
        zero = request.WhichOneof("value") == "amount" and request.amount == 0
        if zero and request.target.kind == TargetKind.TARGET_KIND_CHAT:
            raise Refusal("INVALID_ARGUMENT", "AMOUNT_OUT_OF_RANGE")
    return request.target.kind, request.target.id, request.unit, request.period


def _value(limit: Limit) -> tuple[bool, int, bytes]:
    return limit.unlimited, limit.amount, limit.expire_time.SerializeToString()


def _require_etag(request: SetLimitRequest | DeleteLimitRequest, current: Limit | None) -> None:
    if request.etag and request.etag != (current.etag if current else ""):
        raise Refusal("ABORTED", "ETAG_MISMATCH")


def _put(
    world: World, key: LimitKey, request: SetLimitRequest, current: Limit | None, wanted: Limit
) -> Limit:
    world.versions += 1
    wanted.etag = f"model {world.versions}"
    wanted.update_time.CopyFrom(stamp(world.now))
    wanted.updated_by = request.actor
    world.limits[key] = wanted
    _record(world, request, current, wanted)
    return wanted


def _record(
    world: World, request: SetLimitRequest | DeleteLimitRequest, before: Limit | None, after: Limit | None
) -> None:
    change = LimitChange(
        target=request.target,
        unit=request.unit,
        period=request.period,
        to=after,
        change_time=stamp(world.now),
        actor=request.actor,
        reason=request.reason,
    )
    if before is not None:
        getattr(change, "from").CopyFrom(before)
    world.changes.append(change)
