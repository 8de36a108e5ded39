"""Print how many microseconds this interpreter takes for what a server mostly does: objects, dicts and calls.

Exits with 1 if it is older than Python 3.11, so this file must be readable for any.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is what is asked
    sys.exit(1)

from timeit import repeat

ROUNDS, ITEMS = 7, 10_000


class Entry:
    """Stands for one of the objects that a call makes."""

    __slots__ = ("key", "value")

    def __init__(self, key: str, value: int) -> None:
        self.key = key
        self.value = value


def doubled(entry: Entry) -> dict[str, int]:
    """Make a map of an entry, and another one of that."""
    row = {entry.key: entry.value}
    return {**row, "doubled": 2 * entry.value}


def work() -> int:
    """Make objects, find them by their keys and add up what is in them."""
    entries = {}
    for number in range(ITEMS):
        entry = Entry(str(number), number)
        entries[entry.key, number] = entry
        doubled(entry)
    return sum(entry.value for entry in entries.values())


print(round(1e6 * min(repeat(work, number=1, repeat=ROUNDS))))
