"""Page through lists by key: what is added or removed meanwhile neither repeats nor hides any other entry."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Generic, TypeVar
from uuid import UUID

from almoner_server.core.calendar import ENDS_OF_TIME
from almoner_server.core.errors import RequestFailed, invalid

T = TypeVar("T")

Key = tuple[int | str | datetime | UUID, ...]
"""What a list is ordered by."""

MAX_INT = 2**63 - 1
_TYPES: dict[str, Callable[[str], int | str | datetime | UUID]] = {
    "int": int,
    "str": str,
    "datetime": datetime.fromisoformat,
    "UUID": UUID,
}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Is a part of a list. `next_page_token` is empty on the last one."""

    items: tuple[T, ...]
    next_page_token: str = ""


class Paging:
    """Reads a page token and makes the next one.

    A token is good only for the list and the filter that it came from. `after` is the key of the last entry
    of the page before; on the first page `first`, a key before that of any entry.
    """

    def __init__(
        self, name: str, filters: Sequence[object], page_size: int, page_token: str, first: Key
    ) -> None:
        self._first = first
        self._size = page_size
        self._mark = blake2b(repr((name, *filters)).encode(), digest_size=6).hexdigest()
        self.after = self._read(page_token) if page_token else first

    @property
    def fetch(self) -> int:
        """Return how many rows to ask for: one more than fits tells whether there is another page."""
        return self._size + 1

    def page(self, items: Sequence[T], key: Callable[[T], Key]) -> Page[T]:
        """Cut what was fetched to a page."""
        if len(items) <= self._size:
            return Page(tuple(items))
        kept = tuple(items[: self._size])
        return Page(kept, self._token(key(kept[-1])))

    def _token(self, key: Key) -> str:
        parts = [(type(part).__name__, _text(part)) for part in key]
        return base64.urlsafe_b64encode(json.dumps([self._mark, parts]).encode()).decode()

    def _read(self, token: str) -> Key:
        try:
            mark, parts = json.loads(base64.urlsafe_b64decode(token.encode()))
            key = tuple(_TYPES[kind](text) for kind, text in parts)
            is_ours = mark == self._mark and _is_like(key, self._first)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            raise _malformed(token) from None
        if not is_ours:
            raise _malformed(token)
        return key


def _is_like(key: Key, other: Key) -> bool:
    """Tell whether a key has parts of the same types, all of them such as a database can keep.

    Raises ValueError or OverflowError for some that are not.
    """
    return [type(part) for part in key] == [type(part) for part in other] and all(map(_is_sound, key))


def _is_sound(part: int | str | datetime | UUID) -> bool:
    match part:
        case int():
            return abs(part) <= MAX_INT
        case str():
            return b"\0" not in part.encode()
        case datetime():
            return part.tzinfo is not None and part.astimezone(UTC) not in ENDS_OF_TIME
        case _:
            return True


def _text(part: int | str | datetime | UUID) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)


def _malformed(token: str) -> RequestFailed:
    message = "not a token that this list, with these filters, has given"
    return invalid("MALFORMED_PAGE_TOKEN", "page_token", message, value=token[:64])
