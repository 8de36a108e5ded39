"""The report's pictures."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.figures import Figures, Spread
from bench.sections import SECTIONS
from bench.sections.base import Drawing, Plot, Section

Pictures = dict[str, list[str]]
SIZE = (8.0, 4.2)
COLORS = {
    "almoner": "#c0392b",
    "no-op": "#7f8c8d",
    "raw PostgreSQL": "#34495e",
    "SELECT FOR UPDATE": "#2e86c1",
    "read, then add": "#d4ac0d",
    "sum of the ledger": "#ca6f1e",
    "lock around the call": "#7d3c98",
    "Redis, always": "#1e8449",
    "Redis, everysec": "#82e0aa",
}
"""Those that occur in several pictures look the same in all."""


def draw(folder: Path, sections: list[str], figures: Figures) -> Pictures:
    """Draw every plot of the sections that has something to show; returns the names of the files by section."""
    drawn: Pictures = {}
    for name in sections:
        for plot in SECTIONS[name].plots:
            if figures.points(name, plot.metric):
                drawn.setdefault(name, []).append(_picture(folder, SECTIONS[name], plot, figures))
    return drawn


def _picture(folder: Path, section: Section, plot: Plot, figures: Figures) -> str:
    figure, axes = plt.subplots(figsize=SIZE, layout="constrained")
    single = len(figures.points(section.name, plot.metric)) == 1
    drawn = _columns if single else _lines if plot.drawing is Drawing.LINES else _bars
    drawn(axes, section, plot, figures)
    axes.set(title=f"{section.title}: {plot.metric}", ylabel=plot.metric)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    if not single:
        axes.set_xlabel(section.scale)
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    file = f"{section.name}-{plot.metric.replace(' ', '-')}.png"
    figure.savefig(folder / file, dpi=90)
    plt.close(figure)
    return file


def _lines(axes: Axes, section: Section, plot: Plot, figures: Figures) -> None:
    points = figures.points(section.name, plot.metric)
    for contestant in figures.contestants(section.name, plot.metric):
        spreads = _spreads(section, plot, figures, contestant)
        places = [place for place, spread in enumerate(spreads) if spread]
        found = [spread for spread in spreads if spread]
        middles = [spread.middle for spread in found]
        axes.errorbar(
            places,
            middles,
            yerr=_errors(found),
            label=contestant,
            color=COLORS.get(contestant),
            marker="o",
            capsize=3,
        )
    axes.set_xticks(range(len(points)), points)


def _columns(axes: Axes, section: Section, plot: Plot, figures: Figures) -> None:
    """Draw what was measured at one point only: the contestants side by side, each with its name below."""
    (point,) = figures.points(section.name, plot.metric)
    contestants = figures.contestants(section.name, plot.metric)
    spreads = [figures.spread(section.name, plot.metric, contestant, point) for contestant in contestants]
    found = [spread for spread in spreads if spread]
    middles = [spread.middle for spread in found]
    colors = [COLORS.get(contestant, "#5d6d7e") for contestant in contestants]
    bars = axes.bar(range(len(found)), middles, 0.7, yerr=_errors(found), color=colors, capsize=3)
    axes.bar_label(bars, labels=[f"{middle:,.4g}" for middle in middles], padding=2, fontsize="small")
    axes.set_xticks(range(len(found)), contestants, rotation=15, ha="right", fontsize="small")
    axes.set_xlabel(f"{point} {section.scale}")


def _bars(axes: Axes, section: Section, plot: Plot, figures: Figures) -> None:
    points = figures.points(section.name, plot.metric)
    contestants = figures.contestants(section.name, plot.metric)
    width = 0.8 / len(contestants)
    for order, contestant in enumerate(contestants):
        spreads = _spreads(section, plot, figures, contestant)
        found = [(place, spread) for place, spread in enumerate(spreads) if spread]
        places = [place + (order - (len(contestants) - 1) / 2) * width for place, _ in found]
        kept = [spread for _, spread in found]
        middles = [spread.middle for spread in kept]
        axes.bar(
            places,
            middles,
            width * 0.92,
            yerr=_errors(kept),
            label=contestant,
            color=COLORS.get(contestant),
            capsize=3,
        )
    axes.set_xticks(range(len(points)), points)


def _spreads(section: Section, plot: Plot, figures: Figures, contestant: str) -> list[Spread | None]:
    points = figures.points(section.name, plot.metric)
    return [figures.spread(section.name, plot.metric, contestant, point) for point in points]


def _errors(spreads: list[Spread]) -> list[list[float]]:
    return [[one.middle - one.low for one in spreads], [one.high - one.middle for one in spreads]]
