"""The report of a replay."""

from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from almoner.cli.draw.bars import bar
from almoner.cli.draw.console import bar_width, note, stdout, table
from almoner.cli.draw.limits import value
from almoner.cli.replay.report import Report, latencies, rate
from almoner.cli.replay.spending import Spending
from almoner.cli.replay.tally import PERCENTILES, Tally
from almoner.cli.words import IN_FLIGHT, number, quantities, quantity, rule, target_name
from almoner.types.parties import Target

_SHOWN = 5
"""How many accounts of one limit are shown, those first that used most of it."""


def draw_report(report: Report) -> None:
    """Print what a replay came to."""
    console, tally = stdout(), report.tally
    console.print(f"played {report.whole.calls:,} calls in namespace {report.namespace}", style="bold")
    console.print(_pace(report))
    console.print()
    console.print(_outcomes(tally))
    console.print()
    if report.spendings.unknown:
        console.print(Text(f"what was spent of the limits is not known: {report.spendings.unknown}", "red"))
    else:
        console.print(_limits(report, console))
    console.print()
    console.print(_latencies(tally))
    console.print()
    for line in _findings(report):
        console.print(line)


def _pace(report: Report) -> str:
    tally = report.tally
    late = f"; at worst a call began {tally.latest_start:.2f} s late" if tally.latest_start else ""
    return (
        f"{report.whole.seconds:,.0f} s of traffic in {tally.seconds:,.1f} s: "
        f"{rate(report.whole.calls, tally.seconds):,.0f} calls/s, "
        f"{rate(tally.requests, tally.seconds):,.0f} requests/s{late}"
    )


def _outcomes(tally: Tally) -> Table:
    drawn = table("calls", "", "because of", numbers=("calls",))
    drawn.add_row(f"{tally.allowed:,}", Text("allowed", "green"), "")
    for kind, calls in tally.refusals.most_common():
        limit = f"{target_name(Target(kind.source))}, {rule(kind.unit, kind.period)}"
        refused = Text(f"refused: {kind.reason}", "yellow")
        drawn.add_row(f"{calls:,}", refused, f"{kind.scope}: {limit}")
    for (call, code), calls in tally.errors.most_common():
        drawn.add_row(
            f"{calls:,}", Text(f"failed: {code}", "red"), f"{call}: {tally.error_examples[call, code]}"
        )
    return drawn


def _limits(report: Report, console: Console) -> Table:
    """Draw what was spent against every limit; of calls in flight nothing is ever spent."""
    numbers = ("spent", "limit", "over")
    drawn = table("limit on", "whose", "", *numbers, numbers=numbers)
    spendable = (spending for spending in report.spendings.limits if spending.status.unit != IN_FLIGHT)
    for name, same in groupby(spendable, _name):
        accounts = list(same)
        for place, spending in enumerate(accounts[:_SHOWN]):
            style = "red" if spending.over else ""
            drawn.add_row("" if place else name, *_limit(spending, console), style=style)
        if rest := accounts[_SHOWN:]:
            over = sum(bool(spending.over) for spending in rest)
            drawn.add_row(
                "", note(f"{len(rest):,} more"), note(f"at most {rest[0].share:.0%}"), "", "", str(over)
            )
    return drawn


def _name(spending: Spending) -> str:
    status = spending.status
    return f"{target_name(Target(status.source.kind))}, {rule(status.unit, status.period)}"


def _limit(spending: Spending, console: Console) -> list[str | Text]:
    status, unit = spending.status, spending.status.unit
    width, encoding = bar_width(console), console.encoding
    return [
        spending.account or "everybody",
        bar(status.limit, status.spent, status.held, width=width, encoding=encoding),
        number(unit, status.spent),
        value(unit, status.limit),
        number(unit, spending.over),
    ]


def _latencies(tally: Tally) -> Table:
    names = [f"p{percent:g}" for percent in PERCENTILES[:-1]] + ["max"]
    drawn = table("latency, ms", "count", *names, numbers=("count", *names))
    for kind, found in latencies(tally).items():
        percentiles = [f"{found[f'p{percent:g}']:,.1f}" for percent in PERCENTILES]
        drawn.add_row(kind, f"{found['count']:,}", *percentiles)
    return drawn


def _findings(report: Report) -> list[str | Text]:
    tally = report.tally
    overrun = {unit: amount for unit, amount in tally.overrun.items() if amount}
    lines: list[str | Text] = [
        f"booked: {quantities(tally.booked)}",
        f"overrun: {quantities(overrun) if overrun else '0'}",
        f"verify: {report.verification.summary}",
    ]
    lines += [Text(f"  {finding}", "red") for finding in report.verification.findings or ()]
    for unit, amount in report.unaccounted.items():
        lines.append(Text(f"the server has {quantity(unit, amount)} more than was booked here", "red"))
    if tally.degraded:
        lines.append(Text(f"{tally.degraded:,} calls were allowed without the store", "yellow"))
    if report.problems:
        return [*lines, Text(f"not as it should be: {', '.join(report.problems)}", "bold red")]
    known = "" if report.verification.findings is not None else ", as far as the server tells"
    return [*lines, Text(f"all as it should be{known}", "bold green")]
