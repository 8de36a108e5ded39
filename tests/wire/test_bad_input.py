"""Backends' bad input is refused with the field, the value and the limit (docs/semantics.md, Errors)."""

import grpc
import pytest
from almoner.v1.quota_service_pb2 import AdjustRequest as Adjust
from almoner.v1.quota_service_pb2 import CheckQuotaRequest as Check
from almoner.v1.quota_service_pb2 import CommitRequest as Commit
from almoner.v1.quota_service_pb2 import ExtendRequest as Extend
from almoner.v1.quota_service_pb2 import GetStatusRequest as Status
from almoner.v1.quota_service_pb2 import ReleaseRequest as Release
from google.protobuf.message import Message

from tests.wire.bad_input import ID, LONG, Case, Content, assert_refused, named

CHECK = {"namespace": "default", "subject": {"user": "u"}}
COMMIT = {"namespace": "default", "holdId": ID}
DIRECT = {"namespace": "default", "chargeId": ID, "subject": {"user": "u"}}
EXTEND = {"namespace": "default", "holdId": ID, "amounts": {"tokens": 1}}
REFUND = {"namespace": "default", "chargeId": ID, "adjustmentId": ID, "kind": "ADJUSTMENT_KIND_REFUND"}

CASES: list[Case] = [
    # ids and texts
    (Check, {**CHECK, "namespace": ""}, "FIELD_REQUIRED", "namespace"),
    (Check, {**CHECK, "namespace": LONG}, "TOO_LONG", "namespace"),
    (Check, {"namespace": "default"}, "FIELD_REQUIRED", "subject.user"),
    (Check, {**CHECK, "subject": {"user": LONG}}, "TOO_LONG", "subject.user"),
    (Check, {**CHECK, "subject": {"user": "é" * 129}}, "TOO_LONG", "subject.user"),
    (Check, {**CHECK, "subject": {"user": "a\0b"}}, "CONTROL_CHARACTER", "subject.user"),
    (Check, {**CHECK, "subject": {"user": "a\x85b"}}, "CONTROL_CHARACTER", "subject.user"),
    (Check, {**CHECK, "chat": {}}, "FIELD_REQUIRED", "chat.id"),
    (
        Check,
        {**CHECK, "chat": {"id": "c", "parentId": "\n"}},
        "CONTROL_CHARACTER",
        "chat.parent_id",
    ),
    (
        Check,
        {**CHECK, "chat": {"id": "c", "parentId": "c"}},
        "FIELD_NOT_ALLOWED",
        "chat.parent_id",
    ),
    (Check, {**CHECK, "hold": {"id": "h-1"}}, "MALFORMED_UUID", "hold.id"),
    (Check, {**CHECK, "hold": {"id": ID.replace("-", "")}}, "MALFORMED_UUID", "hold.id"),
    (Check, {**CHECK, "hold": {"id": f"{{{ID}}}"}}, "MALFORMED_UUID", "hold.id"),
    (
        Check,
        {**CHECK, "subject": {"user": "u", "groups": ["g", ""]}},
        "FIELD_REQUIRED",
        "subject.groups[1]",
    ),
    # numbers
    (Check, {**CHECK, "amounts": {"tokens": -1}}, "AMOUNT_OUT_OF_RANGE", "amounts[tokens]"),
    (
        Check,
        {**CHECK, "amounts": {"tokens": 10**13 + 1}},
        "AMOUNT_OUT_OF_RANGE",
        "amounts[tokens]",
    ),
    (Check, {**CHECK, "amounts": {"euros": 1}}, "UNKNOWN_UNIT", "amounts[euros]"),
    (Check, {**CHECK, "amounts": {"USD": 1}}, "UNKNOWN_UNIT", "amounts['USD']"),
    (Check, {**CHECK, "amounts": {"in_flight": 1}}, "UNKNOWN_UNIT", "amounts[in_flight]"),
    (
        Check,
        {**CHECK, "subject": {"user": "u", "groups": [str(number) for number in range(65)]}},
        "TOO_MANY",
        "subject.groups",
    ),
    (
        Check,
        {**CHECK, "attributes": {str(number): "" for number in range(33)}},
        "TOO_MANY",
        "attributes",
    ),
    (Check, {**CHECK, "attributes": {"k": "x" * 8192}}, "TOO_LONG", "attributes"),
    (Check, {**CHECK, "attributes": {"k": "\0"}}, "CONTROL_CHARACTER", "attributes['k']"),
    # times
    (Check, {**CHECK, "hold": {"ttl": "0.999s"}}, "DURATION_OUT_OF_RANGE", "hold.ttl"),
    (Check, {**CHECK, "hold": {"ttl": "86400.000000001s"}}, "DURATION_OUT_OF_RANGE", "hold.ttl"),
    (Check, {**CHECK, "wait": "-1s"}, "DURATION_OUT_OF_RANGE", "wait"),
    (Check, {**CHECK, "wait": "301s"}, "DURATION_OUT_OF_RANGE", "wait"),
    (Commit, {**DIRECT, "occurredAt": "2126-01-01T00:00:00Z"}, "TIME_OUT_OF_RANGE", "occurred_at"),
    # enums
    (Check, {**CHECK, "hold": {"onExpiry": 9}}, "UNKNOWN_ENUM_VALUE", "hold.on_expiry"),
    (Commit, {**COMMIT, "settlement": 9}, "UNKNOWN_ENUM_VALUE", "settlement"),
    (Adjust, {**REFUND, "kind": 9}, "UNKNOWN_ENUM_VALUE", "kind"),
    # commits
    (Commit, {"namespace": "default", "chargeId": ID}, "FIELD_REQUIRED", "subject.user"),
    (Commit, {"namespace": "default", "subject": {"user": "u"}}, "FIELD_REQUIRED", "charge_id"),
    (Commit, {**COMMIT, "partial": True}, "FIELD_REQUIRED", "charge_id"),
    (Commit, {**DIRECT, "partial": True}, "FIELD_NOT_ALLOWED", "partial"),
    (Commit, {**COMMIT, "occurredAt": "2026-01-01T00:00:00Z"}, "FIELD_NOT_ALLOWED", "occurred_at"),
    (Commit, {**DIRECT, "settlement": "SETTLEMENT_ESTIMATE"}, "FIELD_REQUIRED", "amounts"),
    (Commit, {**COMMIT, "holdId": "x"}, "MALFORMED_UUID", "hold_id"),
    # the others
    (Release, {"namespace": "default"}, "FIELD_REQUIRED", "hold_id"),
    (Extend, {**EXTEND, "amounts": {}}, "FIELD_REQUIRED", "amounts"),
    (Extend, {**EXTEND, "ttl": "0s"}, "DURATION_OUT_OF_RANGE", "ttl"),
    (Adjust, {**REFUND, "kind": 0}, "FIELD_REQUIRED", "kind"),
    (Adjust, REFUND, "FIELD_REQUIRED", "amounts"),
    (Adjust, {**REFUND, "amounts": {"tokens": 0}}, "AMOUNT_OUT_OF_RANGE", "amounts[tokens]"),
    (Adjust, {**REFUND, "amounts": {"tokens": 1}, "reason": "x" * 1025}, "TOO_LONG", "reason"),
    (Status, {"namespace": "default"}, "FIELD_REQUIRED", "subject"),
]


@pytest.mark.parametrize(("kind", "content", "reason", "field"), CASES, ids=named)
async def test_bad_input_is_refused_and_the_field_named(
    shared_channel: grpc.aio.Channel, kind: type[Message], content: Content, reason: str, field: str
) -> None:
    await assert_refused(shared_channel, kind, content, reason, field)
