"""What happened in a replay: counts, sums, and every latency, so that percentiles are exact."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from almoner.errors import CallError
from almoner.types.decision import Decision
from almoner.types.enums import Period, RefusalReason, Scope, TargetKind

HOLD, REFUSED, COMMIT = "hold", "refused hold", "commit"
"""Kinds of requests."""
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Names what refused calls: the first limit of each decision."""

    reason: RefusalReason | None
    scope: Scope
    source: TargetKind
    unit: str
    period: Period


@dataclass(slots=True)
class Tally:
    """Counts while calls are played."""

    played: int = 0
    allowed: int = 0
    degraded: int = 0
    """Allowed without the store."""
    refusals: Counter[Refusal] = field(default_factory=Counter)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of request and code."""
    error_examples: dict[tuple[str, str], str] = field(default_factory=dict)
    booked: Counter[str] = field(default_factory=Counter)
    """By unit."""
    overrun: Counter[str] = field(default_factory=Counter)
    """By unit: how far costs went past what was held."""
    latencies: dict[str, "array[int]"] = field(default_factory=lambda: defaultdict(lambda: array("q")))
    """Nanoseconds by kind of request."""
    latest_start: float = 0.0
    """Seconds between the time a call was due and its start, at worst."""
    seconds: float = 0.0
    """How long the play took."""

    @property
    def charges(self) -> int:
        """Count the charges booked."""
        return len(self.latencies[COMMIT])

    @property
    def refused(self) -> int:
        """Count the calls that were refused."""
        return self.refusals.total()

    @property
    def failed(self) -> int:
        """Count the errors."""
        return self.errors.total()

    @property
    def requests(self) -> int:
        """Count the requests that got an answer."""
        return sum(map(len, self.latencies.values()))

    def refuse(self, decision: Decision) -> None:
        """Count a refusal by its first limit."""
        first = decision.refused_by[0]
        kind = Refusal(decision.reason, first.scope, first.source.kind, first.unit, first.period)
        self.refusals[kind] += 1

    def fail(self, call: str, error: CallError) -> None:
        """Count an error, and keep the first of its kind."""
        self.errors[call, error.code] += 1
        self.error_examples.setdefault((call, error.code), str(error))

    def book(self, amounts: Mapping[str, int], overrun: Mapping[str, int]) -> None:
        """Sum up what a commit booked."""
        self.booked.update(amounts)
        self.overrun.update(overrun)


def percentile(ordered: Sequence[int], percent: float) -> int:
    """Give the smallest value that so many percent of all are at or below (nearest rank).

    Args:
        ordered: All values, in order; at least one.
        percent: Above 0, up to 100.
    """
    thousandths = round(percent * 1000)  # in whole numbers: 0.999 * 1000 is not 999
    rank = -(-thousandths * len(ordered) // 100_000)
    return ordered[max(rank, 1) - 1]
