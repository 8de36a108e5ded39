"""Who spends, where, and under which labels."""

from collections.abc import Mapping, Sequence

from almoner.v1.resources_pb2 import ChatRef, Subject

from almoner_server.core.errors import RequestFailed, invalid
from almoner_server.rpc.validate.fields import (
    identifier,
    require_no_control_characters,
    required,
    shown,
)

MAX_GROUPS = 64
MAX_ATTRIBUTES = 32
MAX_ATTRIBUTE_BYTES = 8 * 1024
_NO_GROUPS: tuple[str, ...] = ()


def subject(given: Subject) -> tuple[str, tuple[str, ...]]:
    """Return the user and the groups, sorted and without repeats. Raises RequestFailed."""
    user = identifier("subject.user", given.user)
    return user, groups("subject.groups", given.groups) if given.groups else _NO_GROUPS


def groups(field: str, given: Sequence[str]) -> tuple[str, ...]:
    """Return at most 64 group ids, sorted and without repeats. Raises RequestFailed; also TOO_MANY."""
    if len(given) > MAX_GROUPS:
        raise too_many(field, len(given), MAX_GROUPS, "groups")
    return tuple(sorted({identifier(f"{field}[{place}]", group) for place, group in enumerate(given)}))


def chat(given: ChatRef) -> tuple[str, str]:
    """Return the id of the chat and of its parent, which may be empty. Raises RequestFailed."""
    chat_id = identifier("chat.id", given.id)
    parent_id = given.parent_id
    if parent_id:
        identifier("chat.parent_id", parent_id)
        if parent_id == chat_id:
            raise invalid(
                "FIELD_NOT_ALLOWED",
                "chat.parent_id",
                "a chat cannot be its own parent",
                value=parent_id,
                limit="another id than chat.id",
            )
    return chat_id, parent_id


def attributes(given: Mapping[str, str]) -> dict[str, str]:
    """Return at most 32 labels of together at most 8 KiB. Raises RequestFailed: TOO_MANY, TOO_LONG, ...."""
    found = dict(given)
    if len(found) > MAX_ATTRIBUTES:
        raise too_many("attributes", len(found), MAX_ATTRIBUTES, "attributes")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in found.items())
    if size > MAX_ATTRIBUTE_BYTES:
        raise invalid(
            "TOO_LONG",
            "attributes",
            f"keys and values of {size} bytes are over the {MAX_ATTRIBUTE_BYTES} bytes allowed",
            value=f"{size} bytes",
            limit=f"{MAX_ATTRIBUTE_BYTES} bytes",
        )
    for key, value in found.items():
        if not key:
            raise required("attributes", "an attribute needs a key")
        require_no_control_characters("attributes", key)
        require_no_control_characters(f"attributes[{shown(key)}]", value)
    return found


def too_many(field: str, count: int, limit: int, what: str) -> RequestFailed:
    """Make the error of a list that is too long."""
    message = f"{count} {what} are over the {limit} allowed"
    return invalid("TOO_MANY", field, message, value=str(count), limit=str(limit))
