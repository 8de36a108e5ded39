"""`python -m bench`: measure, write the report or compare with the last one."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.figures import Figures
from bench.guard import TOLERANCE, Verdict, compare
from bench.machine import describe
from bench.record import Record, last_record
from bench.report import write_report
from bench.scale import QUICK_SECTIONS, SCALES, Scale
from bench.sections import SECTIONS
from bench.stage import staged

RESULTS = Path(__file__).parent / "results"
DATA = Path(__file__).parent.parent / "build" / "bench"
"""Where the database lives while it is measured: on a disk, not in /tmp, which may be memory."""


@click.command()
@click.option("--only", default="", help=f"Sections, by commas: {', '.join(SECTIONS)}.")
@click.option("--rounds", type=click.IntRange(1, 100), help="How often each contestant is measured.")
@click.option("--seconds", type=click.FloatRange(0.1, 600), help="How long one measurement takes.")
@click.option("--entries", type=click.IntRange(1), help="Entries of the filled ledger.")
@click.option("--users", type=click.IntRange(1), help="Users of the filled ledger.")
@click.option("--limits", type=click.IntRange(1), help="Limits beside the filled ledger.")
@click.option("--scale", type=click.Choice(list(SCALES)), default="full", show_default=True)
@click.option(
    "--guard", is_flag=True, help="Write nothing; compare with the last results; 1 on a regression."
)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Where reports are kept.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), default=DATA, help="Where the database lives meanwhile."
)
def main(only: str, scale: str, guard: bool, results: Path, data_dir: Path, **sizes: Any) -> None:
    """Measure Almoner beside its yardsticks."""
    chosen = replace(SCALES[scale], **{name: size for name, size in sizes.items() if size is not None})
    sections = _sections(only, scale)
    record, figures = asyncio.run(_measure(chosen, sections, data_dir.resolve()))
    if guard:
        raise SystemExit(_compared(record, results))
    folder = results / f"{record.date[:10]}-{os.cpu_count()}-cores{'' if scale == 'full' else f'-{scale}'}"
    write_report(folder, record, figures)
    click.echo(f"written: {folder / 'README.md'}")


def _sections(only: str, scale: str) -> list[str]:
    """Return the sections to measure, in the order of the report. Raises BadParameter for an unknown one."""
    every = list(SECTIONS) if scale == "full" else list(QUICK_SECTIONS)
    wanted = [name.strip() for name in only.split(",")] if only else every
    if unknown := sorted(set(wanted) - SECTIONS.keys()):
        raise click.BadParameter(
            f"no section is called {', '.join(unknown)}; there are {', '.join(SECTIONS)}"
        )
    return [name for name in SECTIONS if name in wanted]


async def _measure(scale: Scale, sections: list[str], data_dir: Path) -> tuple[Record, Figures]:
    figures, begin = Figures(), time.monotonic()
    async with staged(data_dir, scale) as stage:
        machine = describe(data_dir, stage.postgres.version)
        for number, name in enumerate(sections, start=1):
            click.echo(f"{time.monotonic() - begin:4.0f} s  {number}/{len(sections)}  {SECTIONS[name].title}")
            await SECTIONS[name].measure(stage, figures)
    click.echo(f"{time.monotonic() - begin:4.0f} s  done")
    return Record.of(
        datetime.now(UTC).isoformat(timespec="seconds"), scale, machine, sections, figures
    ), figures


def _compared(record: Record, results: Path) -> int:
    """Say what changed since the last results; returns 1 if something got worse."""
    last = last_record(results)
    if last is None:
        raise click.ClickException(f"nothing to compare with in {results}: run `make bench` first")
    changes = list(compare(last, record))
    click.echo(
        f"compared with {last.date}: {len(changes)} ratios, tolerance {TOLERANCE:.0%} beyond the spread"
    )
    for change in changes:
        click.echo(f"  {change}")
    regressions = [change for change in changes if change.verdict is Verdict.REGRESSION]
    click.echo("no regression" if not regressions else f"{len(regressions)} regressions")
    return 1 if regressions else 0


if __name__ == "__main__":
    main()
