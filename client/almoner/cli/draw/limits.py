"""Limits: as evaluated, as set, as changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from almoner.cli.draw.bars import bar
from almoner.cli.draw.console import bar_width, note, stdout, table
from almoner.cli.words import iso, number, resets, rule, target_name
from almoner.types.limits import Limit, LimitChange, LimitStatus


def status_table(limits: Iterable[LimitStatus], now: datetime, console: Console) -> Table:
    """Draw evaluated limits with their bars, those that refused in red."""
    numbers = ("spent", "held", "remaining")
    drawn = table("limit on", "", *numbers, "resets", numbers=numbers)
    for limit in limits:
        drawn.add_row(*_row(limit, now, console), style="red" if limit.refusal_reason else "")
    return drawn


def _row(limit: LimitStatus, now: datetime, console: Console) -> list[str | Text]:
    unit = limit.unit
    name = target_name(limit.source)
    refused = f": {limit.refusal_reason}" if limit.refusal_reason else ""
    remaining = "" if limit.remaining is None else number(unit, limit.remaining)
    return [
        f"{name}{refused}\n{rule(unit, limit.period)}",
        bar(limit.limit, limit.spent, limit.held, width=bar_width(console), encoding=console.encoding),
        number(unit, limit.spent),
        number(unit, limit.held),
        f"{remaining}\nof {value(unit, limit.limit)}",
        resets(limit.reset_time, now),
    ]


def value(unit: str, amount: int | None) -> str:
    """Write how much a limit allows."""
    return "unlimited" if amount is None else number(unit, amount)


def draw_limits(limits: Sequence[Limit]) -> None:
    """Print limits as they are set."""
    console = stdout()
    if not limits:
        console.print(note("no limits"))
        return
    drawn = table("limit on", "limit", "etag", "changed", numbers=("limit",))
    for limit in limits:
        drawn.add_row(
            f"{target_name(limit.target)}\n{rule(limit.unit, limit.period)}",
            _value_until(limit),
            limit.etag,
            iso(limit.update_time) + (f"\nby {limit.updated_by}" if limit.updated_by else ""),
        )
    console.print(drawn)


def draw_changes(changes: Sequence[LimitChange]) -> None:
    """Print who changed which limit."""
    console = stdout()
    if not changes:
        console.print(note("no changes"))
        return
    drawn = table("when", "limit on", "from", "to", "who and why", numbers=("from", "to"))
    for change in changes:
        drawn.add_row(
            iso(change.change_time),
            f"{target_name(change.target)}\n{rule(change.unit, change.period)}",
            "none" if change.before is None else _value_until(change.before),
            "deleted" if change.after is None else _value_until(change.after),
            "\n".join(filter(None, (change.actor, change.reason))) or "-",
        )
    console.print(drawn)


def _value_until(limit: Limit) -> str:
    until = f"\nuntil {iso(limit.expire_time)}" if limit.expire_time else ""
    return value(limit.unit, limit.amount) + until
