"""The contract and the client's types say the same, field by field."""

import dataclasses
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import pytest
from almoner.types import enums
from almoner.types.decision import Checked, Decision
from almoner.types.ledger import Adjusted, Adjustment, Charge, Committed, HoldInfo
from almoner.types.limits import Limit, LimitChange, LimitStatus
from almoner.types.namespace import Namespace
from almoner.types.status import AccountStatus, Status, Usage
from almoner.v1 import admin_service_pb2, quota_service_pb2, resources_pb2
from almoner.wire import methods, resources, responses
from almoner.wire.scalars import enum_member, enum_number
from google.protobuf.message import Message

ENUMS = [
    kind for kind in vars(enums).values() if isinstance(kind, type) and kind.__module__ == enums.__name__
]
RENAMED = {"from": "before", "to": "after"}
DROPPED = {"unlimited"}  # an amount that is None
NOT_SENT = {"unlimited"}  # the other side of a oneof
OWN = {(Committed, "pending")}  # said by the client itself, of a commit that the server has not seen

PAIRS: list[tuple[Callable[[Any], Any], type[Message], type[Any]]] = [
    (resources.limit, resources_pb2.Limit, Limit),
    (resources.limit_status, resources_pb2.LimitStatus, LimitStatus),
    (resources.limit_change, resources_pb2.LimitChange, LimitChange),
    (resources.hold_info, resources_pb2.Hold, HoldInfo),
    (resources.charge, resources_pb2.Charge, Charge),
    (resources.adjustment, resources_pb2.Adjustment, Adjustment),
    (resources.account_status, resources_pb2.AccountStatus, AccountStatus),
    (resources._usage, resources_pb2.Usage, Usage),
    (resources.namespace, resources_pb2.Namespace, Namespace),
    (responses.status, quota_service_pb2.GetStatusResponse, Status),
    (responses.committed, quota_service_pb2.CommitResponse, Committed),
    (responses.adjusted, quota_service_pb2.AdjustResponse, Adjusted),
]


def fill(message: Message) -> Message:
    """Set every field of a message, and of those inside, to something that is not the default."""
    for field in message.DESCRIPTOR.fields:
        if field.name not in NOT_SENT:
            fill_field(message, field)
    return message


def fill_field(message: Message, field: Any) -> None:
    if is_map(field):
        getattr(message, field.name)["k"] = (
            "v" if field.message_type.fields[1].type == field.TYPE_STRING else 7
        )
    elif field.is_repeated:
        items = getattr(message, field.name)
        items.append("item") if field.message_type is None else fill(items.add())
    elif field.message_type is not None and field.message_type.name in {"Timestamp", "Duration"}:
        getattr(message, field.name).seconds = 1_000 + field.number
    elif field.message_type is not None:
        fill(getattr(message, field.name))
    else:
        setattr(message, field.name, {field.TYPE_STRING: f"text {field.number}"}.get(field.type, 1))


def is_map(field: Any) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


@pytest.mark.parametrize(
    ("convert", "kind", "type_"), PAIRS, ids=lambda value: getattr(value, "__name__", None)
)
def test_every_field_of_the_contract_arrives(
    convert: Callable[[Any], Any], kind: type[Message], type_: type[Any]
) -> None:
    names = {RENAMED.get(name, name) for name in kind.DESCRIPTOR.fields_by_name} - DROPPED
    fields = {field.name for field in dataclasses.fields(type_) if (type_, field.name) not in OWN}
    assert fields == names
    value = convert(fill(kind()))
    empty = [name for name in names if getattr(value, name) in (None, "", (), {}, 0, "UNKNOWN")]
    assert not empty


@pytest.mark.parametrize(
    ("convert", "kind", "type_"), PAIRS, ids=lambda value: getattr(value, "__name__", None)
)
def test_what_is_absent_is_none_and_no_invented_value(
    convert: Callable[[Any], Any], kind: type[Message], type_: type[Any]
) -> None:
    value = convert(kind())
    for field in dataclasses.fields(type_):
        if "| None" in str(field.type):
            assert getattr(value, field.name) is None, field.name


def test_a_decision_arrives_whole() -> None:
    message = quota_service_pb2.CheckQuotaResponse()
    fill(message)
    checked = responses.checked(message)
    assert {field.name for field in dataclasses.fields(Checked)} == {
        "decision",
        "hold_id",
        "hold_expire_time",
    }
    assert {field.name for field in dataclasses.fields(Decision)} == {
        *resources_pb2.Decision.DESCRIPTOR.fields_by_name,
        "degraded",
    }
    assert checked.decision.degraded
    assert checked.decision.reason is enums.RefusalReason.EXHAUSTED
    assert checked.decision.retry_after is not None
    assert isinstance(checked.hold_expire_time, datetime)
    assert checked.hold_expire_time.utcoffset() is not None


@pytest.mark.parametrize("kind", ENUMS)
def test_an_enum_has_the_members_of_the_contract(kind: type[StrEnum]) -> None:
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).upper() + "_"
    ours = {prefix + member.name for member in kind if member.name != "UNKNOWN"}
    theirs = getattr(resources_pb2, kind.__name__).keys()
    assert ours | {prefix + "UNSPECIFIED"} == set(theirs)


@pytest.mark.parametrize("kind", ENUMS)
def test_a_member_survives_the_way_there_and_back(kind: type[StrEnum]) -> None:
    assert [enum_member(kind, enum_number(kind, member, "field")) for member in kind] == list(kind)


def test_a_number_of_a_newer_server_is_unknown_and_no_crash() -> None:
    assert enum_member(enums.Scope, 99) is enums.Scope.UNKNOWN


def test_the_methods_are_those_of_the_services() -> None:
    ours = {
        value.name: (value.request.DESCRIPTOR.full_name, value.response.DESCRIPTOR.full_name)
        for value in vars(methods).values()
        if isinstance(value, methods.Method)
    }
    theirs = {
        f"{service.full_name}/{method.name}": (method.input_type.full_name, method.output_type.full_name)
        for module in (quota_service_pb2, admin_service_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert ours == theirs
