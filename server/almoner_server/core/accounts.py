"""An account's counters: what it has spent and what is held, by unit and period (docs/semantics.md, Accounts).

The counters of the current day, week, month and of the whole lifetime lie side by side. They are rolled forward when
read on a later day, so nothing has to run at midnight and a limit set in mid-window finds what was spent before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from almoner_server.core.calendar import shared_periods
from almoner_server.core.records import AccountKey
from almoner_server.core.terms import Period

COUNTERS_PER_UNIT = 2 * len(Period)
"""spent and held for DAY, WEEK, MONTH and LIFETIME, in this order."""
_SPENT, _HELD = 0, 1
_ALL_PLACES = tuple(range(0, COUNTERS_PER_UNIT, 2))


@dataclass(slots=True)
class Account:
    """Is one account as of `day` (an ordinal). `counters` maps a unit to its COUNTERS_PER_UNIT numbers."""

    key: AccountKey
    day: int
    counters: dict[str, list[int]] = field(default_factory=dict)
    open_estimates: int = 0
    open_unpriced: int = 0
    version: int = 0
    """Which state of its row this is; 0: it has no row yet."""
    epoch: int = 0
    """As long as it stays the same, nobody else has changed the row: see `store.memory`."""
    dirty: bool = False
    """Differs from its row, other than by rolling."""

    @classmethod
    def empty(cls, key: AccountKey, day: int) -> Self:
        """Make the account of somebody never seen before, who has spent nothing."""
        return cls(key, day)

    def spent(self, unit: str, period: Period) -> int:
        """Return what was committed in the current window of `period`."""
        counters = self.counters.get(unit)
        return counters[2 * period - 2] if counters else 0

    def held(self, unit: str, period: Period) -> int:
        """Return what is on open holds in the current window of `period`."""
        counters = self.counters.get(unit)
        return counters[2 * period - 1] if counters else 0

    def roll(self, day: int) -> None:
        """Go forward to `day`: windows that have ended start again at 0. An earlier day changes nothing."""
        if day <= self.day:
            return
        kept = shared_periods(self.day, day)
        for counters in self.counters.values():
            for period in Period:
                if period not in kept:
                    counters[2 * period - 2 : 2 * period] = (0, 0)
        self.day = day

    def spend(self, day: int, change: Mapping[str, int]) -> None:
        """Add to what was spent in the windows that `day` shares with the account's own: ended ones no longer count."""
        self._book(_SPENT, day, change)

    def hold(self, day: int, change: Mapping[str, int]) -> None:
        """Add to what is held, as `spend` does to what was spent."""
        self._book(_HELD, day, change)

    def _book(self, which: int, day: int, change: Mapping[str, int]) -> None:
        places = _ALL_PLACES if day == self.day else _places(self.day, day)
        for unit, by in change.items():
            if not by:
                continue
            counters = self.counters.get(unit)
            if counters is None:
                counters = self.counters[unit] = [0] * COUNTERS_PER_UNIT
            for place in places:
                counters[place + which] += by
            self.dirty = True


@lru_cache(maxsize=4096)
def _places(one: int, other: int) -> tuple[int, ...]:
    """Return where the counters of the periods stand whose window holds both days."""
    return tuple(2 * period - 2 for period in shared_periods(one, other))
