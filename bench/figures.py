"""What was measured: figures by round, and ratios between those of the same round."""

from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import NamedTuple


class Better(StrEnum):
    """Says in which direction a ratio improves."""

    HIGHER = "higher"
    LOWER = "lower"


class Key(NamedTuple):
    """Names a figure: `contestant` did it, at `point` of the section's scale, such as 64 callers."""

    section: str
    metric: str
    contestant: str
    point: str


class Spread(NamedTuple):
    """Says how far the rounds lie apart."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Sort the values of all rounds. Raises ValueError if there is none."""
        if not values:
            raise ValueError("no round was measured")
        return cls(min(values), median(values), max(values))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sets a contestant beside its yardstick, at every point that both were measured at.

    `target` is the ratio asked for; None if none was. Only `guarded` ratios can be a regression.
    """

    contestant: str
    metric: str
    yardstick: str
    better: Better
    yardstick_metric: str = ""
    """If it is another one than the contestant's."""
    yardstick_point: str = ""
    """If it is always the same one, such as one server."""
    target: float | None = None
    target_point: str = ""
    """The only point that the target is for. Empty: all."""
    guarded: bool = True


@dataclass(frozen=True, slots=True)
class Ratio:
    """Is a contestant's figure divided by its yardstick's, round by round."""

    name: str
    values: list[float]
    better: Better
    target: float | None
    guarded: bool

    @property
    def spread(self) -> Spread:
        """Return how far the rounds lie apart."""
        return Spread.of(self.values)

    @property
    def met(self) -> bool | None:
        """Tell whether the median meets the target; None without one."""
        if self.target is None:
            return None
        middle = self.spread.middle
        return middle >= self.target if self.better is Better.HIGHER else middle <= self.target


@dataclass(slots=True)
class Figures:
    """Collects what the sections measure."""

    values: dict[Key, list[float]] = field(default_factory=dict)

    def add(self, section: str, metric: str, contestant: str, point: object, value: float) -> None:
        """Add the value of one more round."""
        self.values.setdefault(Key(section, metric, contestant, str(point)), []).append(value)

    def points(self, section: str, metric: str) -> list[str]:
        """List the points of a metric in the order they were first measured."""
        return list(dict.fromkeys(key.point for key in self._of(section, metric)))

    def contestants(self, section: str, metric: str) -> list[str]:
        """List the contestants of a metric in the order they were first measured."""
        return list(dict.fromkeys(key.contestant for key in self._of(section, metric)))

    def metrics(self, section: str) -> list[str]:
        """List the metrics of a section in the order they were first measured."""
        return list(dict.fromkeys(key.metric for key in self.values if key.section == section))

    def spread(self, section: str, metric: str, contestant: str, point: str) -> Spread | None:
        """Return the spread of one figure; None if it was not measured."""
        values = self.values.get(Key(section, metric, contestant, point))
        return Spread.of(values) if values else None

    def ratios(self, section: str, comparison: Comparison) -> list[Ratio]:
        """Divide what was measured in the same round; a yardstick of 0 has no ratio."""
        found = []
        for point in self.points(section, comparison.metric):
            metric = comparison.yardstick_metric or comparison.metric
            ours = self.values.get(Key(section, comparison.metric, comparison.contestant, point), [])
            beside = comparison.yardstick_point or point
            theirs = self.values.get(Key(section, metric, comparison.yardstick, beside), [])
            values = [one / other for one, other in zip(ours, theirs, strict=False) if other]
            if values and beside != (comparison.yardstick_point and point):
                found.append(_ratio(section, comparison, point, values))
        return found

    def _of(self, section: str, metric: str) -> list[Key]:
        return [key for key in self.values if key.section == section and key.metric == metric]


def _ratio(section: str, comparison: Comparison, point: str, values: list[float]) -> Ratio:
    own = comparison.contestant == comparison.yardstick
    contestant = "" if own else f"{comparison.contestant} : "
    theirs = f" {comparison.yardstick_metric}" if comparison.yardstick_metric else ""
    beside = f" : {comparison.yardstick_point}" if comparison.yardstick_point else ""
    name = f"{section}, {comparison.metric}, {contestant}{comparison.yardstick}{theirs}, {point}{beside}"
    aimed = comparison.target_point in ("", point)
    return Ratio(name, values, comparison.better, comparison.target if aimed else None, comparison.guarded)
