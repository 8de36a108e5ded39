"""Look for an order of all calls that explains what every caller was told.

An order explains a history if each call comes after all that ended before it began, and if what each answer shows of
sums and limits is what the calls before it add up to. The search goes forward from the start and takes back what leads
nowhere. None of what keeps it short lets a wrong order pass, for `proof` replays the order found in the model:

- A call that changes nothing and fits is put in place at once: if an order exists, there is one with it here.
- The sums depend on which calls were made, not on their order, so no set of calls is looked at twice.
- Nothing here is refunded and one administrator changes each limit: an answer that shows less spent than now, or an
  amount that a limit will not have again, can come no more. So what was placed too early is found out at once.
- Calls are tried in the order of the times that their answers tell. That is a guess: a server may follow the clock of
  the database from memory, and another one may lag behind it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from almoner.v1.admin_service_pb2 import SetLimitRequest

from tests.concurrency.effects import Key, Sums, changes, limit_key, shown
from tests.concurrency.record import Call

MAX_STEPS = 100_000
"""Places looked at before the search gives up."""
LAST = datetime.max.replace(tzinfo=UTC)


class NoOrderError(AssertionError):
    """Says that no order explains a history, with the longest one that explains a part of it."""


@dataclass(eq=False)
class _Step:
    call: Call
    change: Sums
    shown: dict[Key, int]
    bit: int

    @property
    def reads_only(self) -> bool:
        return not self.change and self.call.method in ("CheckQuota", "Extend", "GetStatus")


@dataclass
class _Position:
    """Is a place in the order: what may come next, and how to go back."""

    placed: list[_Step]
    candidates: Iterator[_Step]


@dataclass
class Search:
    """Looks for an order of calls."""

    calls: list[Call]
    sums: Sums = field(default_factory=Sums)

    def __post_init__(self) -> None:
        changed = changes(self.calls)
        steps = [
            _Step(call, changed[call], shown(call), 1 << number) for number, call in enumerate(self.calls)
        ]
        self._left = set(steps)
        self._changed: Counter[Key] = Counter()
        self._amounts = _amounts_of_limits(self.calls)
        self._showing: dict[Key, list[_Step]] = defaultdict(list)
        for step in steps:
            for key in step.shown:
                self._showing[key].append(step)
        self._order: list[_Step] = []
        self._done = 0

    def order(self) -> list[Call]:
        """Return the calls in an order that explains them. Raises NoOrderError."""
        path = [_Position(self._place_reads(), self._candidates())]
        seen: set[int] = set()
        longest: list[_Step] = []
        for _ in range(MAX_STEPS):
            if not self._left:
                return [step.call for step in self._order]
            step = next(path[-1].candidates, None)
            if step is None:
                self._take_back(path.pop().placed)
                if not path:
                    break
                continue
            placed = [step]
            self._place(step)
            if self._done in seen or self._is_too_early(step):
                self._take_back(placed)
                continue
            seen.add(self._done)
            placed += self._place_reads()
            longest = (
                max(longest, self._order.copy(), key=len) if len(self._order) > len(longest) else longest
            )
            path.append(_Position(placed, self._candidates()))
        raise NoOrderError(self._why(longest))

    def _candidates(self) -> Iterator[_Step]:
        """Give what may come next and fits, the likeliest first."""
        found = [step for step in self._next() if not step.reads_only]
        return iter(sorted(found, key=lambda step: (step.call.stamp or LAST, step.call.end)))

    def _next(self) -> list[_Step]:
        """Return what began before anything that is left had ended, and fits."""
        before = min((step.call.end for step in self._left), default=0.0)
        return [step for step in self._left if step.call.start <= before and self._fits(step)]

    def _is_too_early(self, step: _Step) -> bool:
        """Tell whether something that is left can come no more, now that this is placed."""
        return any(
            other in self._left and self._is_over(key, other.shown[key])
            for key in step.change
            for other in self._showing[key]
        )

    def _is_over(self, key: Key, value: int) -> bool:
        if key[0] == "limit":
            return value not in self._amounts[key][self._changed[key] - 1 :]
        return key[0] == "spent" and value < self.sums[key]

    def _place_reads(self) -> list[_Step]:
        placed: list[_Step] = []
        while reads := [step for step in self._next() if step.reads_only]:
            for step in reads:
                self._place(step)
            placed += reads
        return placed

    def _fits(self, step: _Step) -> bool:
        return all(self.sums[key] == value for key, value in step.shown.items())

    def _place(self, step: _Step) -> None:
        self._left.remove(step)
        self._order.append(step)
        self._done |= step.bit
        self._changed.update(step.change.keys())
        for key, by in step.change.items():
            self.sums[key] += by

    def _take_back(self, steps: list[_Step]) -> None:
        for step in reversed(steps):
            assert self._order.pop() is step
            self._left.add(step)
            self._done &= ~step.bit
            self._changed.subtract(step.change.keys())
            for key, by in step.change.items():
                self.sums[key] -= by

    def _why(self, longest: list[_Step]) -> str:
        left = [step for step in sorted(self._left, key=lambda step: step.call.end) if step not in longest]
        first = "\n".join(
            f"{step.call.method} {step.call.request} -> {step.call.answer}" for step in left[:3]
        )
        return (
            f"no order explains more than {len(longest)} of {len(self.calls)} calls; next would be\n{first}"
        )


def _amounts_of_limits(calls: list[Call]) -> dict[Key, list[int]]:
    """Return the amounts that each limit gets, in their order: the next is set when the one before was answered."""
    found: dict[Key, list[int]] = defaultdict(list)
    for call in sorted(calls, key=lambda each: each.start):
        if isinstance(call.request, SetLimitRequest):
            found[limit_key(call.request.target, call.request.unit)].append(call.request.amount)
    return found
