"""Texts, ids and enum numbers: the parts that every message is made of."""

import re
import unicodedata
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar
from uuid import UUID

from almoner_server.core.errors import RequestFailed, invalid
from almoner_server.store.ids import fast_uuid

MAX_ID_BYTES = 256
MAX_REASON_BYTES = 1024
_FEW_CHARACTERS = MAX_ID_BYTES // 4
"""So many characters are never more than MAX_ID_BYTES in UTF-8."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE).fullmatch
_Enum = TypeVar("_Enum", bound=IntEnum)


def shown(text: str) -> str:
    """Quote a text for a message: control characters escaped, at most 64 characters of it."""
    return ascii(text) if len(text) <= 64 else f"{text[:64]!a}..."


def required(field: str, message: str = "required") -> RequestFailed:
    """Make the error of a field that is not set."""
    return invalid("FIELD_REQUIRED", field, message)


def not_allowed(field: str, when: str, value: str = "") -> RequestFailed:
    """Make the error of a field that is set and must not be. `when` says when it may be."""
    return invalid("FIELD_NOT_ALLOWED", field, f"allowed {when}", value=value, limit=when)


def identifier(field: str, text: str) -> str:
    """Return an id of 1 to 256 bytes without control characters.

    Raises RequestFailed: FIELD_REQUIRED, TOO_LONG, CONTROL_CHARACTER.
    """
    if 0 < len(text) <= _FEW_CHARACTERS and text.isprintable():
        return text
    if not text:
        raise required(field)
    return bounded(field, text, MAX_ID_BYTES)


def optional_identifier(field: str, text: str) -> str:
    """Return an id as `identifier` does, or nothing if there is none."""
    return identifier(field, text) if text else text


def bounded(field: str, text: str, max_bytes: int) -> str:
    """Return a text of at most `max_bytes` without control characters; it may be empty.

    Raises RequestFailed: TOO_LONG, CONTROL_CHARACTER.
    """
    size = len(text.encode())
    if size > max_bytes:
        message = f"{size} bytes are over the {max_bytes} bytes allowed"
        raise invalid("TOO_LONG", field, message, value=f"{size} bytes", limit=f"{max_bytes} bytes")
    require_no_control_characters(field, text)
    return text


def require_no_control_characters(field: str, text: str) -> None:
    """Refuse control characters. Raises RequestFailed CONTROL_CHARACTER."""
    if not text.isprintable() and any(unicodedata.category(character) == "Cc" for character in text):
        raise invalid("CONTROL_CHARACTER", field, f"{shown(text)} has a control character", value=shown(text))


def uuid(field: str, text: str) -> UUID:
    """Return a UUID given in its canonical form: 36 characters, any case.

    Raises RequestFailed: FIELD_REQUIRED, MALFORMED_UUID.
    """
    if _UUID(text) is None:
        if not text:
            raise required(field)
        raise invalid(
            "MALFORMED_UUID",
            field,
            f"{shown(text)} is not a UUID such as 019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8",
            value=shown(text),
        )
    return fast_uuid(text)


def optional_uuid(field: str, text: str) -> UUID | None:
    """Return a UUID as `uuid` does, None if the text is empty."""
    return uuid(field, text) if text else None


def enum_reader(kind: type[_Enum], default: _Enum | None = None) -> Callable[[str, int], _Enum]:
    """Return what turns a number of the wire into `kind`, 0 into `default`.

    It raises RequestFailed: UNKNOWN_ENUM_VALUE; FIELD_REQUIRED for 0 without a default.
    """
    members: dict[int, _Enum] = {member.value: member for member in kind}
    if default is not None:
        members[0] = default

    def read(field: str, number: int) -> _Enum:
        member = members.get(number)
        if member is None:
            raise required(field) if number == 0 else _unknown(field, number, kind)
        return member

    return read


def enum_filter(kind: type[_Enum]) -> Callable[[str, int], _Enum | None]:
    """Return what turns a number of the wire into `kind`, 0 into None: no filter."""
    read = enum_reader(kind)
    return lambda field, number: read(field, number) if number else None


def _unknown(field: str, number: int, kind: type[IntEnum]) -> RequestFailed:
    names = ", ".join(f"{member.name} ({member.value})" for member in kind)
    message = f"{number} is none of {names}"
    return invalid("UNKNOWN_ENUM_VALUE", field, message, value=str(number), limit=names)
