"""A run as it is kept: results.json beside its report, to compare later runs with."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from bench.figures import Better, Figures, Ratio, Spread
from bench.scale import Scale
from bench.sections import SECTIONS

FILE = "results.json"


@dataclass(frozen=True, slots=True)
class Record:
    """Is one run: when, on what, which figures, which ratios."""

    date: str
    scale: dict[str, Any]
    machine: dict[str, str]
    sections: list[str]
    figures: list[dict[str, Any]] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)

    @classmethod
    def of(
        cls, date: str, scale: Scale, machine: dict[str, str], sections: list[str], figures: Figures
    ) -> Self:
        """Put a run together."""
        rows = [key._asdict() | {"values": values} for key, values in figures.values.items()]
        found = [
            ratio
            for name in sections
            for comparison in SECTIONS[name].comparisons
            for ratio in figures.ratios(name, comparison)
        ]
        return cls(date, asdict(scale), machine, sections, rows, found)

    def write(self, folder: Path) -> None:
        """Keep it."""
        text = json.dumps(asdict(self), indent=1, default=str)
        (folder / FILE).write_text(f"{text}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        ratios = [Ratio(**row | {"better": Better(row["better"])}) for row in content.pop("ratios")]
        return cls(**content, ratios=ratios)


def last_record(results: Path) -> Record | None:
    """Return the newest run that was recorded; None if there is none."""
    records = [Record.read(path) for path in results.glob(f"*/{FILE}")]
    return max(records, key=lambda record: record.date, default=None)


def spread_of(record: Record) -> dict[str, tuple[Ratio, Spread]]:
    """Return the ratios of a run that may be compared, by name."""
    return {ratio.name: (ratio, ratio.spread) for ratio in record.ratios if ratio.guarded}
