"""The bounds of the authority, for what is decided here: the cost of what it would not take could never be booked.

Reasons and fields are those that it names itself.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from google.protobuf.duration_pb2 import Duration

from almoner.errors import InvalidArgument, out_of_range
from almoner.money import MAX_AMOUNT
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb

MAX_ID_BYTES = 256
MAX_GROUPS = 64
MAX_ATTRIBUTES = 32
MAX_ATTRIBUTE_BYTES = 8 * 1024
TTL_SECONDS = (1, 86_400)
WAIT_SECONDS = (0, 300)
_NANOS = 1_000_000_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE).fullmatch
_UNIT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII).fullmatch


def require_check(request: quota.CheckQuotaRequest) -> None:
    """Refuse a check, with or without a hold, that the authority would refuse for its form.

    Raises:
        InvalidArgument: It is out of bounds, and where.
    """
    _identifier("namespace", request.namespace)
    _identifier("subject.user", request.subject.user)
    _groups(request.subject.groups)
    if request.HasField("chat"):
        _chat(request.chat)
    _amounts(request.amounts)
    if request.HasField("hold"):
        _hold(request.hold)
    _duration("wait", request.wait, *WAIT_SECONDS)
    _attributes(request.attributes)


def require_extend(request: quota.ExtendRequest) -> None:
    """Refuse a change of a hold that the authority would refuse for its form.

    Raises:
        InvalidArgument: It is out of bounds, and where.
    """
    if not request.amounts and not request.HasField("ttl"):
        raise _invalid("FIELD_REQUIRED", "amounts", "amounts or ttl required")
    _amounts(request.amounts)
    if request.HasField("ttl"):
        _duration("ttl", request.ttl, *TTL_SECONDS)


def _identifier(field: str, text: str) -> None:
    if not text:
        raise _invalid("FIELD_REQUIRED", field, "required")
    size = len(text.encode())
    if size > MAX_ID_BYTES:
        raise _too_long(field, size, MAX_ID_BYTES)
    _no_control_characters(field, text)


def _no_control_characters(field: str, text: str) -> None:
    if not text.isprintable() and any(unicodedata.category(character) == "Cc" for character in text):
        raise _invalid("CONTROL_CHARACTER", field, f"{text!a} has a control character")


def _groups(groups: Sequence[str]) -> None:
    if len(groups) > MAX_GROUPS:
        raise _too_many("subject.groups", len(groups), MAX_GROUPS)
    for place, group in enumerate(groups):
        _identifier(f"subject.groups[{place}]", group)


def _chat(chat: pb.ChatRef) -> None:
    _identifier("chat.id", chat.id)
    if chat.parent_id:
        _identifier("chat.parent_id", chat.parent_id)
    if chat.parent_id == chat.id:
        raise _invalid("FIELD_NOT_ALLOWED", "chat.parent_id", "a chat cannot be its own parent")


def _amounts(amounts: Mapping[str, int]) -> None:
    for unit, amount in amounts.items():
        known = _UNIT(unit) is not None
        field = f"amounts[{unit if known else ascii(unit)}]"
        if not 0 <= amount <= MAX_AMOUNT:
            raise out_of_range(field, amount, f"0 to {MAX_AMOUNT}")
        if not known or unit == "in_flight":
            raise _invalid("UNKNOWN_UNIT", field, f"{unit!a} is no unit that can be spent")


def _hold(hold: quota.HoldOptions) -> None:
    if hold.id and _UUID(hold.id) is None:
        raise _invalid("MALFORMED_UUID", "hold.id", f"{hold.id!a} is not a UUID")
    if hold.HasField("ttl"):
        _duration("hold.ttl", hold.ttl, *TTL_SECONDS)


def _duration(field: str, given: Duration, least: int, most: int) -> None:
    nanos = given.seconds * _NANOS + given.nanos
    if not least * _NANOS <= nanos <= most * _NANOS:
        limit = f"{least} s to {most} s"
        message = f"{nanos / _NANOS:.9g} s is outside {limit}"
        raise _invalid("DURATION_OUT_OF_RANGE", field, message, limit=limit)


def _attributes(attributes: Mapping[str, str]) -> None:
    if len(attributes) > MAX_ATTRIBUTES:
        raise _too_many("attributes", len(attributes), MAX_ATTRIBUTES)
    size = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    if size > MAX_ATTRIBUTE_BYTES:
        raise _too_long("attributes", size, MAX_ATTRIBUTE_BYTES)
    for key, value in attributes.items():
        if not key:
            raise _invalid("FIELD_REQUIRED", "attributes", "an attribute needs a key")
        _no_control_characters("attributes", key)
        _no_control_characters(f"attributes[{key!a}]", value)


def _too_many(field: str, count: int, limit: int) -> InvalidArgument:
    return _invalid("TOO_MANY", field, f"{count} are over the {limit} allowed", limit=str(limit))


def _too_long(field: str, size: int, limit: int) -> InvalidArgument:
    message = f"{size} bytes are over the {limit} bytes allowed"
    return _invalid("TOO_LONG", field, message, limit=f"{limit} bytes")


def _invalid(reason: str, field: str, message: str, *, limit: str = "") -> InvalidArgument:
    metadata = {"field": field, **({"limit": limit} if limit else {})}
    return InvalidArgument(f"{field}: {message}", reason=reason, metadata=metadata)
