"""Traces of real LLM calls: CSV files with the columns TIMESTAMP, ContextTokens and GeneratedTokens."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
_COUNT = re.compile(r"\d{1,9}", re.ASCII)


class TraceError(ValueError):
    """Says in which line a trace is not one, and why."""


@dataclass(frozen=True, slots=True)
class TracedCall:
    """Is one call of a trace."""

    number: int
    """Its place in the trace, from 0."""
    line: int
    """Where it ends in the file, from 1."""
    arrival: float
    """Seconds after the first call."""
    context: int
    """Tokens that went into the model."""
    generated: int
    """Tokens that came out."""


def read_trace(path: Path, rows: int | None = None) -> Iterator[TracedCall]:
    """Read a trace row by row, without keeping it.

    Args:
        path: The CSV file. Other columns than the three are ignored, times without a zone are UTC.
        rows: How many to read at most. None: all.

    Raises:
        TraceError: A row is malformed, goes back in time, or there is none. Names file and line.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            yield from islice(_calls(reader), rows)
        except (csv.Error, UnicodeDecodeError, ValueError) as error:
            raise TraceError(f"{path}: line {max(reader.line_num, 1)}: {error}") from error


def _calls(reader: "Reader") -> Iterator[TracedCall]:
    places = _places(next(reader, []))
    start = previous = None
    number = 0
    for row in reader:
        if not row:
            continue
        time, context, generated = _values(row, places)
        start, previous = start or time, previous or time
        if time < previous:
            raise ValueError(f"TIMESTAMP {time} is before that of the call above, {previous}")
        yield TracedCall(number, reader.line_num, (time - start).total_seconds(), context, generated)
        previous, number = time, number + 1
    if number == 0:
        raise ValueError("the trace has no calls")


def _places(header: list[str]) -> list[int]:
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise ValueError(f"there is no column {', '.join(missing)}; a trace begins with {','.join(COLUMNS)}")
    return [header.index(column) for column in COLUMNS]


def _values(row: list[str], places: list[int]) -> tuple[datetime, int, int]:
    if len(row) <= max(places):
        raise ValueError(f"{len(row)} values are too few: {','.join(row)!r}")
    time, context, generated = (row[place] for place in places)
    return _time(time), _count(COLUMNS[1], context), _count(COLUMNS[2], generated)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"TIMESTAMP {text!r} is not a time such as 2026-03-11 10:00:00.25") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _count(column: str, text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"{column} {text!r} is not a whole number, 0 to 999999999")
    return int(text)
