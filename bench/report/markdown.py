"""The report in Markdown."""

from collections.abc import Iterator, Sequence

from bench.figures import Figures, Ratio, Spread
from bench.record import Record
from bench.report.plots import Pictures
from bench.sections import SECTIONS
from bench.sections.base import Section

INTRODUCTION = """\
Measured by `make bench`; `bench/README.md` tells how, and how to read it. Every figure is the median of {rounds} \
rounds, the least and the most in brackets; in each round every contestant has its turn. Figures of other machines \
differ; the ratios at the end of each section are what to compare. fsync and synchronous commit are on.
"""


def page(record: Record, figures: Figures, pictures: Pictures) -> str:
    """Return the report."""
    title = f"# Almoner measured, {record.date[:10]} ({record.scale['name']} run)"
    machine = _table(("", ""), list((record.machine | _filled(record)).items()))
    parts = [
        title,
        INTRODUCTION.format(rounds=record.scale["rounds"]),
        machine,
        "## Targets",
        _targets(record),
    ]
    for name in record.sections:
        parts += _section(SECTIONS[name], record, figures, pictures)
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _filled(record: Record) -> dict[str, str]:
    """Say how large the filled database of the section on growth was."""
    if "growth" not in record.sections:
        return {}
    sizes = ", ".join(f"{record.scale[name]:,} {name}" for name in ("entries", "users", "limits"))
    return {"filled ledger": sizes}


def _section(section: Section, record: Record, figures: Figures, pictures: Pictures) -> Iterator[str]:
    yield f"## {section.title}"
    yield section.about
    for metric in figures.metrics(section.name):
        yield _metric(section, metric, figures)
    ratios = [ratio for ratio in record.ratios if ratio.name.startswith(f"{section.name}, ")]
    if ratios:
        rows = [(_short(ratio, section), _spread(ratio.spread, "x")) for ratio in ratios]
        yield _table(("ratio", ""), rows)
    for picture in pictures.get(section.name, []):
        yield f"![{section.title}]({picture})"


def _metric(section: Section, metric: str, figures: Figures) -> str:
    points = figures.points(section.name, metric)
    rows = []
    for contestant in figures.contestants(section.name, metric):
        spreads = [figures.spread(section.name, metric, contestant, point) for point in points]
        rows.append((contestant, *(_spread(spread) if spread else "" for spread in spreads)))
    return _table((f"{metric}, by {section.scale}", *points), rows)


def _targets(record: Record) -> str:
    aimed = [ratio for ratio in record.ratios if ratio.target is not None]
    if not aimed:
        return "None of the sections measured has one."
    rows = [
        (ratio.name, _bound(ratio), _spread(ratio.spread), "yes" if ratio.met else "no") for ratio in aimed
    ]
    return _table(("ratio", "wanted", "measured", "met"), rows)


def _bound(ratio: Ratio) -> str:
    return f"at {'least' if ratio.better.value == 'higher' else 'most'} {ratio.target:g}"


def _short(ratio: Ratio, section: Section) -> str:
    return ratio.name.removeprefix(f"{section.name}, ")


def _spread(spread: Spread, unit: str = "") -> str:
    low, middle, high = (f"{_number(value)}{unit}" for value in spread)
    return middle if low == high else f"{middle} ({low} to {high})"


def _number(value: float) -> str:
    """Write three digits, or all of a large number."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    rule = "|" + " --- |" * len(head)
    return "\n".join([_row(head), rule, *(_row(row) for row in rows)])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
