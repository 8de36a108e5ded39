"""Rows as JSON: one text for any number of them, which a statement unfolds with json_to_recordset.

Arrays, one for each column, are what a statement would take first; asyncpg needs a microsecond for each of
their elements, which is five times what a row costs this way.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson


def to_json_rows(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Encode rows, each the values of the columns in their order."""
    return encode([dict(zip(columns, row, strict=True)) for row in rows])


def encode(value: Sequence[Any]) -> str:
    """Encode anything made of maps, lists, texts, numbers, times and ids."""
    return orjson.dumps(value, default=str).decode() if value else "[]"
