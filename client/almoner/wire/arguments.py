"""Arguments that cannot be sent: which one it is, where Python or protobuf would not say."""

from collections.abc import Iterable

from almoner.errors import InvalidArgument


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
