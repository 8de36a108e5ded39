"""Arguments that cannot be sent: which one it is, where Python and protobuf do not say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from almoner.errors import InvalidArgument

MessageT = TypeVar("MessageT", bound=Message)
_TEXT = "text that UTF-8 can encode"
_TAKES = {
    FieldDescriptor.TYPE_STRING: (_TEXT, "MALFORMED_NAME"),
    FieldDescriptor.TYPE_BOOL: ("True or False", "FIELD_NOT_ALLOWED"),
    FieldDescriptor.TYPE_MESSAGE: ("a mapping", "FIELD_NOT_ALLOWED"),
}
"""What a field takes, by its type, and the reason of the error; every other type is a number."""


def build(kind: type[MessageT], fields: Mapping[str, Any], within: str = "") -> MessageT:
    """Make a message of its fields.

    Args:
        kind: Its type.
        fields: By name.
        within: What an error puts before the name of a field, such as `subject.`.

    Raises:
        InvalidArgument: A field does not take its value, and which.
    """
    try:
        return kind(**fields)
    except (TypeError, ValueError):
        raise fault(kind, fields, within) from None


def fault(kind: type[Message], fields: Mapping[str, Any], within: str = "") -> InvalidArgument:
    """Find what it was that a message did not take, by trying one thing at a time, and make the error."""
    for name, value in fields.items():
        descriptor = kind.DESCRIPTOR.fields_by_name[name]
        for part in _parts(descriptor, value):
            if not _takes(kind, {name: part.alone}):
                limit, reason = _TAKES.get(descriptor.type, ("a whole number", "AMOUNT_OUT_OF_RANGE"))
                if part.value is not value:  # all lists and mappings are of texts
                    limit, reason = _TAKES[FieldDescriptor.TYPE_STRING]
                if limit == _TEXT and not isinstance(part.value, str):
                    limit = "text"
                return not_sendable(f"{within}{part.field}", part.value, limit, reason=reason)
    return InvalidArgument(f"{kind.DESCRIPTOR.name}: its values cannot be sent together")


class _Part(NamedTuple):
    field: str
    value: object
    """What an error shows."""
    alone: object
    """A value of the whole field with nothing but this in it."""


def _parts(descriptor: Any, value: object) -> Iterator[_Part]:
    """Take apart what has parts, so that the one at fault can be named."""
    name = descriptor.name
    if descriptor.message_type is not None and isinstance(value, Mapping):
        for key, item in value.items():
            yield _Part(f"{name}[{key!a}]", item if is_text(key) else key, {key: item})
    elif descriptor.is_repeated and isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield _Part(f"{name}[{place}]", item, [item])
    else:
        yield _Part(name, value, value)


def _takes(kind: type[Message], fields: Mapping[str, Any]) -> bool:
    try:
        kind(**fields)
    except (TypeError, ValueError):
        return False
    return True


def is_text(value: object) -> bool:
    """Tell whether a value is a text that can be sent: half a surrogate pair cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def text(field: str, value: str) -> str:
    """Take a text.

    Raises:
        InvalidArgument: It cannot be sent.
    """
    if not is_text(value):
        raise not_sendable(field, value, _TEXT, reason="MALFORMED_NAME")
    return value


def several(field: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Take the texts of a list.

    Raises:
        InvalidArgument: Not a list. Nor is one string: each of its letters would count.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise not_sendable(field, texts, "a list", reason="FIELD_NOT_ALLOWED")
    return tuple(texts)


def not_sendable(field: str, value: object, limit: str, *, reason: str) -> InvalidArgument:
    """Make the error of a value that is not what the field takes, which `limit` says."""
    shown = ascii(value)
    return InvalidArgument(
        f"{field}: {shown} is not {limit}",
        reason=reason,
        metadata={"field": field, "value": shown, "limit": limit},
    )
