"""What backends ask: checks, commits, and the life of a hold."""

from almoner.v1.quota_service_pb2 import (
    AdjustRequest,
    CheckQuotaRequest,
    CommitRequest,
    ExtendRequest,
    GetStatusRequest,
    ReleaseRequest,
)
from almoner.v1.quota_service_pb2 import HoldOptions as HoldOptionsMessage

from almoner_server.core.requests import Adjust, Check, Commit, Extend, HoldOptions, Release
from almoner_server.core.status import StatusRequest
from almoner_server.core.terms import AdjustmentKind, ExpiryAction, Settlement
from almoner_server.rpc.ids import new_id
from almoner_server.rpc.validate import parties, times
from almoner_server.rpc.validate.amounts import amounts
from almoner_server.rpc.validate.fields import (
    MAX_REASON_BYTES,
    bounded,
    enum_reader,
    identifier,
    not_allowed,
    optional_uuid,
    required,
    uuid,
)

_expiry_action = enum_reader(ExpiryAction, default=ExpiryAction.RELEASE)
_settlement = enum_reader(Settlement, default=Settlement.ACTUAL)
_adjustment_kind = enum_reader(AdjustmentKind)


def check(request: CheckQuotaRequest) -> Check:
    """Read a CheckQuota, but for how long it would wait. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    user, groups = parties.subject(request.subject)
    chat, parent = parties.chat(request.chat) if request.HasField("chat") else ("", "")
    given = request.attributes
    return Check(
        namespace,
        user,
        groups,
        chat,
        parent,
        amounts(request.amounts),
        _hold_options(request.hold) if request.HasField("hold") else None,
        parties.attributes(given) if given else {},
    )


def commit(request: CommitRequest) -> Commit:
    """Read a Commit; without a hold it is a direct charge. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    hold_id = optional_uuid("hold_id", request.hold_id)
    charge_id = optional_uuid("charge_id", request.charge_id)
    settlement = _settlement("settlement", request.settlement)
    user, groups = parties.subject(request.subject) if request.HasField("subject") else ("", ())
    chat, parent = parties.chat(request.chat) if request.HasField("chat") else ("", "")
    if hold_id is None:
        _require_direct(request, settlement)
    else:
        _require_on_hold(request)
    return Commit(
        namespace,
        hold_id,
        charge_id or hold_id or uuid("charge_id", ""),
        amounts(request.amounts),
        request.partial,
        settlement,
        user,
        groups,
        chat,
        parent,
        times.moment("occurred_at", request.occurred_at) if request.HasField("occurred_at") else None,
        parties.attributes(request.attributes) if request.attributes else {},
    )


def release(request: ReleaseRequest) -> Release:
    """Read a Release. Raises RequestFailed."""
    return Release(identifier("namespace", request.namespace), uuid("hold_id", request.hold_id))


def extend(request: ExtendRequest) -> Extend:
    """Read an Extend: it names amounts, a time to live, or both. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    hold_id = uuid("hold_id", request.hold_id)
    totals = amounts(request.amounts)
    ttl = times.ttl("ttl", request.ttl) if request.HasField("ttl") else None
    if not totals and ttl is None:
        raise required("amounts", "amounts or ttl required: there is nothing to change")
    return Extend(namespace, hold_id, totals, ttl)


def adjust(request: AdjustRequest) -> Adjust:
    """Read an Adjust. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    charge_id = uuid("charge_id", request.charge_id)
    adjustment_id = uuid("adjustment_id", request.adjustment_id)
    kind = _adjustment_kind("kind", request.kind)
    refund = kind is AdjustmentKind.REFUND
    if refund and not request.amounts:
        raise required("amounts", "required for a refund")
    changes = amounts(request.amounts, smallest=1 if refund else 0)
    reason = bounded("reason", request.reason, MAX_REASON_BYTES)
    return Adjust(namespace, charge_id, adjustment_id, kind, changes, reason)


def status(request: GetStatusRequest) -> StatusRequest:
    """Read a GetStatus: for a subject, a chat, or both. Raises RequestFailed."""
    namespace = identifier("namespace", request.namespace)
    if not (request.HasField("subject") or request.HasField("chat")):
        raise required("subject", "a subject, a chat or both required")
    user, groups = parties.subject(request.subject) if request.HasField("subject") else ("", ())
    chat, parent = parties.chat(request.chat) if request.HasField("chat") else ("", "")
    return StatusRequest(namespace, user, groups, chat, parent)


def _hold_options(given: HoldOptionsMessage) -> HoldOptions:
    return HoldOptions(
        uuid("hold.id", given.id) if given.id else new_id(),
        times.ttl("hold.ttl", given.ttl) if given.HasField("ttl") else times.DEFAULT_TTL,
        _expiry_action("hold.on_expiry", given.on_expiry),
        not given.id,
    )


def _require_direct(request: CommitRequest, settlement: Settlement) -> None:
    """Refuse what makes no sense without a hold, or is missing."""
    if not request.HasField("subject"):
        raise required("subject.user", "required without hold_id")
    if not request.charge_id:
        raise required("charge_id", "required without hold_id")
    if request.partial:
        raise not_allowed("partial", "only with hold_id", "true")
    if settlement is Settlement.ESTIMATE and not request.amounts:
        raise required("amounts", "required for an estimate without a hold")


def _require_on_hold(request: CommitRequest) -> None:
    """Refuse what makes no sense on a hold, or is missing."""
    if request.partial and not request.charge_id:
        raise required("charge_id", "required with partial: each part is a charge of its own")
    if request.HasField("occurred_at"):
        raise not_allowed("occurred_at", "only without hold_id: a hold counts when it was admitted")
