"""The table of all faults, for the terminal and for docs/reliability.md."""

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.checks import Row

HEADINGS = ("fault", "calls acknowledged", "lost", "doubled", "longest gap", "overspend", "verify")
PLACE = "<!-- table -->"


def cells(row: Row) -> tuple[str, ...]:
    """Return one line in words."""
    numbers = (f"{row.acknowledged:,}", str(row.lost), str(row.doubled), f"{row.longest_gap:.1f} s")
    return (row.fault, *numbers, str(row.overspend), row.verify)


def plain(rows: Iterable[Row]) -> list[str]:
    """Draw the table for a terminal."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(_laid_out(line, widths)) for line in lines]


def _laid_out(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Lay the first cell out to the left, the others to the right."""
    yield line[0].ljust(widths[0])
    for cell, width in zip(line[1:], widths[1:], strict=True):
        yield cell.rjust(width)


def markdown(rows: Iterable[Row]) -> str:
    """Draw the table for a document."""
    lines = [HEADINGS, ("---", *("---:",) * (len(HEADINGS) - 1)), *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """Describe this machine without naming it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def renew(document: Path, rows: Iterable[Row], postgres: str) -> None:
    """Put a new table, its date and its machine into a document, between the two marks."""
    head, mark, rest = document.read_text(encoding="utf-8").partition(PLACE)
    tail = rest.partition(PLACE)[2]
    assert mark, f"{document} has no place for the table"
    date = datetime.now(UTC).date()
    table = f"Measured on {date}: {machine()}, {postgres}.\n\n{markdown(rows)}"
    document.write_text(f"{head}{PLACE}\n{table}\n{PLACE}{tail}", encoding="utf-8")
