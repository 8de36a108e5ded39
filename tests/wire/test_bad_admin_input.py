"""Administrators' bad input is refused; the field, the value and the limit are named (docs/semantics.md)."""

import grpc
import pytest
from almoner.v1.admin_service_pb2 import CreateNamespaceRequest as CreateNamespace
from almoner.v1.admin_service_pb2 import DeleteLimitRequest as DeleteLimit
from almoner.v1.admin_service_pb2 import ListChargesRequest as ListCharges
from almoner.v1.admin_service_pb2 import ListHoldsRequest as ListHolds
from almoner.v1.admin_service_pb2 import ListLimitChangesRequest as ListLimitChanges
from almoner.v1.admin_service_pb2 import ListLimitsRequest as ListLimits
from almoner.v1.admin_service_pb2 import SetLimitRequest as SetLimit
from almoner.v1.admin_service_pb2 import SetUserGroupsRequest as SetUserGroups
from almoner.v1.admin_service_pb2 import UpdateNamespaceRequest as UpdateNamespace
from google.protobuf.message import Message

from tests.wire.bad_input import ID, LONG, Case, Content, assert_refused, named

USER = {"kind": "TARGET_KIND_USER", "id": "u"}
EVERYBODY = {"kind": "TARGET_KIND_NAMESPACE_DEFAULT"}
CHAT = {"kind": "TARGET_KIND_CHAT", "id": "c"}
LIMIT = {"namespace": "default", "target": USER, "unit": "tokens", "period": "PERIOD_DAY", "amount": 1}
DELETE = {"namespace": "default", "target": USER, "unit": "tokens", "period": "PERIOD_DAY"}
RAISE = {**DELETE, "delta": 1, "requestId": ID}
NAMESPACE = {"name": "n", "units": ["tokens"]}

CASES: list[Case] = [
    # limits
    (SetLimit, {**LIMIT, "period": 9}, "UNKNOWN_ENUM_VALUE", "period"),
    (SetLimit, {**LIMIT, "target": {"kind": 9}}, "UNKNOWN_ENUM_VALUE", "target.kind"),
    (SetLimit, {**LIMIT, "amount": -1}, "AMOUNT_OUT_OF_RANGE", "amount"),
    (SetLimit, {**LIMIT, "amount": 10**15 + 1}, "AMOUNT_OUT_OF_RANGE", "amount"),
    (SetLimit, {**DELETE, "unlimited": False}, "FIELD_NOT_ALLOWED", "unlimited"),
    (SetLimit, DELETE, "FIELD_REQUIRED", "value"),
    (SetLimit, {**LIMIT, "unit": ""}, "FIELD_REQUIRED", "unit"),
    (SetLimit, {**LIMIT, "unit": "euros"}, "UNKNOWN_UNIT", "unit"),
    (SetLimit, {**LIMIT, "period": 0}, "FIELD_REQUIRED", "period"),
    (SetLimit, {**LIMIT, "target": {"kind": 0}}, "FIELD_REQUIRED", "target.kind"),
    (SetLimit, {**LIMIT, "target": {"kind": 3}}, "FIELD_REQUIRED", "target.id"),
    (SetLimit, {**LIMIT, "target": {"kind": 1, "id": "x"}}, "FIELD_NOT_ALLOWED", "target.id"),
    (SetLimit, {**LIMIT, "target": CHAT}, "LIMIT_NOT_POSSIBLE", "period"),
    (SetLimit, {**LIMIT, "unit": "in_flight"}, "LIMIT_NOT_POSSIBLE", "period"),
    (
        SetLimit,
        {**LIMIT, "target": CHAT, "period": "PERIOD_LIFETIME", "amount": 0},
        "AMOUNT_OUT_OF_RANGE",
        "amount",
    ),
    (
        SetLimit,
        {**LIMIT, "target": EVERYBODY, "expireTime": "2030-01-01T00:00:00Z"},
        "FIELD_NOT_ALLOWED",
        "expire_time",
    ),
    # the driver of the database takes the first and the last moment for infinities, which have no zone
    *(
        (SetLimit, {**LIMIT, "target": USER, "expireTime": moment}, "TIME_OUT_OF_RANGE", "expire_time")
        for moment in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z")
    ),
    (SetLimit, {**LIMIT, "requestId": ID}, "FIELD_NOT_ALLOWED", "request_id"),
    (SetLimit, {**RAISE, "requestId": ""}, "FIELD_REQUIRED", "request_id"),
    (SetLimit, {**RAISE, "delta": 0}, "AMOUNT_OUT_OF_RANGE", "delta"),
    (SetLimit, {**LIMIT, "actor": LONG}, "TOO_LONG", "actor"),
    (DeleteLimit, {"namespace": "default"}, "FIELD_REQUIRED", "target"),
    # lists, groups, namespaces
    (ListHolds, {"namespace": "default", "state": 9}, "UNKNOWN_ENUM_VALUE", "state"),
    (ListLimits, {"namespace": "default", "pageSize": 1001}, "AMOUNT_OUT_OF_RANGE", "page_size"),
    (ListLimits, {"namespace": "default", "pageSize": -1}, "AMOUNT_OUT_OF_RANGE", "page_size"),
    (ListLimits, {"namespace": "default", "pageToken": "x"}, "MALFORMED_PAGE_TOKEN", "page_token"),
    (
        ListLimitChanges,
        {"namespace": "default", "target": {"id": "x"}},
        "FIELD_REQUIRED",
        "target.kind",
    ),
    (ListCharges, {"namespace": "default", "holdId": "x"}, "MALFORMED_UUID", "hold_id"),
    (SetUserGroups, {"namespace": "default", "groups": ["g"]}, "FIELD_REQUIRED", "user"),
    (CreateNamespace, {"namespace": {"name": "n"}}, "FIELD_REQUIRED", "namespace.units"),
    (
        CreateNamespace,
        {"namespace": {**NAMESPACE, "units": ["A"]}},
        "MALFORMED_NAME",
        "namespace.units[0]",
    ),
    (
        CreateNamespace,
        {"namespace": {**NAMESPACE, "units": ["in_flight"]}},
        "FIELD_NOT_ALLOWED",
        "namespace.units[0]",
    ),
    (
        CreateNamespace,
        {"namespace": {**NAMESPACE, "units": [f"u{number}" for number in range(33)]}},
        "TOO_MANY",
        "namespace.units",
    ),
    (UpdateNamespace, {"namespace": NAMESPACE}, "FIELD_REQUIRED", "update_mask"),
    (
        UpdateNamespace,
        {"namespace": NAMESPACE, "updateMask": "name"},
        "FIELD_NOT_ALLOWED",
        "update_mask",
    ),
    (
        UpdateNamespace,
        {"namespace": NAMESPACE, "updateMask": "enabled"},
        "FIELD_REQUIRED",
        "namespace.enabled",
    ),
]


@pytest.mark.parametrize(("kind", "content", "reason", "field"), CASES, ids=named)
async def test_bad_input_is_refused_and_the_field_named(
    shared_channel: grpc.aio.Channel, kind: type[Message], content: Content, reason: str, field: str
) -> None:
    await assert_refused(shared_channel, kind, content, reason, field)
