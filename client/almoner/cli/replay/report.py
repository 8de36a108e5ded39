"""What a replay comes to: a document for scripts, and whether all was as it should be."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from almoner.cli.answers import document
from almoner.cli.replay.spending import Spendings
from almoner.cli.replay.survey import Survey
from almoner.cli.replay.tally import PERCENTILES, Tally, percentile
from almoner.cli.replay.verified import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Sums up a replay."""

    namespace: str
    fresh: bool
    """Whether the namespace was made for it, so that all that was spent there is known here."""
    whole: Survey
    tally: Tally
    spendings: Spendings
    verification: Verification

    @property
    def unaccounted(self) -> Counter[str]:
        """Tell by unit what the server has spent beyond what was booked here; negative if it has less.

        Empty if that cannot be known: others spend there too, commits had no answer, or it was not told.
        """
        if not self.fresh or self.tally.failed or self.spendings.unknown:
            return Counter()
        difference = Counter(self.spendings.spent)
        difference.subtract(self.tally.booked)
        return Counter({unit: amount for unit, amount in difference.items() if amount})

    @property
    def problems(self) -> list[str]:
        """Name whatever is not as it should be."""
        overrun = {unit for unit, amount in self.tally.overrun.items() if amount}
        crossed = [spending for spending in self.spendings.limits if spending.over]
        found = {
            "costs went past what was held": overrun,
            "limits were crossed": crossed,
            "the server has other sums than were booked": self.unaccounted,
            "calls failed": self.tally.errors,
            "the server did not tell what was spent": self.spendings.unknown,
            "the counters differ from the ledger": not self.verification.clean,
            "the database that was named was not verified": self.verification.missed,
        }
        return [problem for problem, there in found.items() if there]

    def document(self) -> dict[str, Any]:
        """Make the JSON document. Times are in seconds, latencies in milliseconds."""
        tally = self.tally
        return {
            "namespace": self.namespace,
            "calls": self.whole.calls,
            "allowed": tally.allowed,
            "degraded": tally.degraded,
            "refused": tally.refused,
            "refused_by": _refusals(tally),
            "failed": tally.failed,
            "errors": _errors(tally),
            "booked": tally.booked,
            "overrun": tally.overrun,
            "unaccounted": self.unaccounted,
            "limits": [
                {"account": spending.account, **document(spending.status)}
                for spending in self.spendings.limits
            ],
            "limits_unknown": self.spendings.unknown or None,
            "latency_ms": latencies(tally),
            "seconds": tally.seconds,
            "calls_per_second": rate(self.whole.calls, tally.seconds),
            "requests_per_second": rate(tally.requests, tally.seconds),
            "latest_start": tally.latest_start,
            "verify": {
                "run": self.verification.findings is not None,
                "findings": self.verification.findings or (),
                "summary": self.verification.summary,
            },
            "problems": self.problems,
        }


def _refusals(tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "reason": kind.reason,
            "scope": kind.scope,
            "source_kind": kind.source,
            "unit": kind.unit,
            "period": kind.period,
            "calls": calls,
        }
        for kind, calls in tally.refusals.most_common()
    ]


def _errors(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"call": call, "code": code, "calls": calls, "example": tally.error_examples[call, code]}
        for (call, code), calls in tally.errors.most_common()
    ]


def latencies(tally: Tally) -> dict[str, dict[str, float]]:
    """Give count and exact percentiles by kind of call, in milliseconds; p100 is the largest."""
    return {
        kind: {
            "count": len(values),
            **{f"p{percent:g}": percentile(ordered, percent) / 1e6 for percent in PERCENTILES},
        }
        for kind, values in sorted(tally.latencies.items())
        if (ordered := sorted(values))
    }


def rate(count: int, seconds: float) -> float:
    """Give how many there were in a second."""
    return count / seconds if seconds else 0.0
