"""A map that forgets its oldest entries, at a cost for each new one that does not grow."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

PART = 64
"""When it is full it forgets one part of so many at once.

A dict finds its first entry by passing over the places of all that were deleted before it, up to as many as it has
entries. Looking once for each new entry took 58 us with 200,000 of them, and 0.2 us this way.
"""


class Bounded(dict[K, V]):
    """Is a dict that never has more than `most` entries; the oldest go first."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def remember(self, entries: Mapping[K, V] | Iterable[tuple[K, V]]) -> None:
        """Add entries."""
        self.update(entries)
        if len(self) > self._most:
            kept = self._most - self._most // PART
            for key in list(islice(self, len(self) - kept)):
                del self[key]
