"""Compare the ratios of a run with the last recorded ones, and say in words what changed.

Only ratios are compared: they mean the same on a faster machine. A change is real when the rounds of then and now do
not overlap, and a regression when moreover the median is worse by more than the tolerance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bench.figures import Better, Ratio, Spread
from bench.record import Record, spread_of

TOLERANCE = 0.25
"""How much worse a median may be. Rounds of a second on a shared machine differ by a fifth without any change."""


class Verdict(StrEnum):
    """Says what became of a ratio."""

    SAME = "as before"
    BETTER = "better"
    WORSE = "worse, within the tolerance"
    REGRESSION = "REGRESSION"


@dataclass(frozen=True, slots=True)
class Change:
    """Is one ratio then and now. `worse` is by which part the median got worse, negative where it got better."""

    name: str
    then: Spread
    now: Spread
    worse: float
    verdict: Verdict

    def __str__(self) -> str:
        direction = "worse" if self.worse > 0 else "better"
        return (
            f"{self.verdict.value}: {self.name}: was {_words(self.then)}, is {_words(self.now)},"
            f" {abs(self.worse):.0%} {direction}"
        )


def compare(then: Record, now: Record, tolerance: float = TOLERANCE) -> Iterator[Change]:
    """Yield what became of each ratio that both runs have measured."""
    before = spread_of(then)
    for name, (ratio, spread) in spread_of(now).items():
        if name in before and spread.middle and before[name][1].middle:
            yield _change(ratio, before[name][1], spread, tolerance)


def _change(ratio: Ratio, then: Spread, now: Spread, tolerance: float) -> Change:
    higher = ratio.better is Better.HIGHER
    worse = then.middle / now.middle - 1 if higher else now.middle / then.middle - 1
    apart = now.high < then.low or now.low > then.high
    if not apart:
        verdict = Verdict.SAME
    elif worse < 0:
        verdict = Verdict.BETTER
    else:
        verdict = Verdict.REGRESSION if worse > tolerance else Verdict.WORSE
    return Change(ratio.name, then, now, worse, verdict)


def _words(spread: Spread) -> str:
    return f"{spread.middle:.2f} ({spread.low:.2f} to {spread.high:.2f})"
