"""Look for an order of all calls that explains what every caller was told.

An order explains a history if each call comes after all that ended before it began, and if what each answer shows of
sums and limits is what the calls before it add up to. The search goes forward from the start. Three facts keep it
short, and none of them lets a wrong order pass, since `proof` replays the order found in the model:

- Calls that changed the sums tell when (`Call.stamp`), under lock; only those of one transaction tell the same.
- A call that changes nothing and fits is put in place at once: if an order exists, there is one with it here.
- The sums depend on which calls were made, not on their order, so no set of calls is looked at twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.concurrency.effects import Key, Sums, changes, shown
from tests.concurrency.record import Call

MAX_STEPS = 400_000


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
        return not self.change and self.call.method in ("CheckQuota", "GetStatus")


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
        self._reads = {step for step in steps if step.reads_only}
        self._floating = {step for step in steps if not step.reads_only and step.call.stamp is None}
        stamped = [step for step in steps if not step.reads_only and step.call.stamp is not None]
        self._stamped = sorted(stamped, key=lambda step: step.call.stamp or datetime.min.replace(tzinfo=UTC))
        self._left = set(steps)
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
            if self._done in seen:
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
        """Give what may come next and fits; what shows the sums first, since it leaves no doubt."""
        before = min((step.call.end for step in self._left), default=0.0)
        group = [step for step in self._stamped if step in self._left]
        stamp = group[0].call.stamp if group else None
        found = [step for step in self._next_stamped(group, stamp) if step.call.start <= before]
        found += [step for step in self._floating & self._left if step.call.start <= before]
        fitting = [step for step in found if self._fits(step)]
        return iter(sorted(fitting, key=lambda step: (not step.shown, step.call.end)))

    def _next_stamped(self, group: list[_Step], stamp: datetime | None) -> Iterator[_Step]:
        for step in group:
            if step.call.stamp != stamp:
                return
            yield step

    def _place_reads(self) -> list[_Step]:
        placed = []
        fits = True
        while fits:
            before = min((step.call.end for step in self._left), default=0.0)
            reads = [
                step for step in self._reads & self._left if step.call.start <= before and self._fits(step)
            ]
            for step in reads:
                self._place(step)
            placed += reads
            fits = bool(reads)
        return placed

    def _fits(self, step: _Step) -> bool:
        return all(self.sums[key] == value for key, value in step.shown.items())

    def _place(self, step: _Step) -> None:
        self._left.remove(step)
        self._order.append(step)
        self._done |= step.bit
        for key, by in step.change.items():
            self.sums[key] += by

    def _take_back(self, steps: list[_Step]) -> None:
        for step in reversed(steps):
            assert self._order.pop() is step
            self._left.add(step)
            self._done &= ~step.bit
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
