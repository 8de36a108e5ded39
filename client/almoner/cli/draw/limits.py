"""Limits: as evaluated, as set, as changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from almoner.cli.draw.bars import bar
from almoner.cli.draw.console import note, stdout, table
from almoner.cli.words import iso, number, resets, target_name, unit_name
from almoner.types.limits import Limit, LimitChange, LimitStatus


def status_table(limits: Iterable[LimitStatus], now: datetime, console: Console) -> Table:
    """Draw evaluated limits with their bars, those that refused in red."""
    numbers = ("spent", "held", "remaining", "limit")
    drawn = table("limit on", "unit", "per", "", *numbers, "resets", numbers=numbers)
    for limit in limits:
        drawn.add_row(*_row(limit, now, console.encoding), style="red" if limit.refusal_reason else "")
    return drawn


def _row(limit: LimitStatus, now: datetime, encoding: str) -> list[str | Text]:
    unit = limit.unit
    source = target_name(limit.source)
    return [
        f"{source}: {limit.refusal_reason}" if limit.refusal_reason else source,
        unit_name(unit),
        str(limit.period).lower(),
        bar(limit.limit, limit.spent, limit.held, encoding=encoding),
        number(unit, limit.spent),
        number(unit, limit.held),
        "-" if limit.remaining is None else number(unit, limit.remaining),
        value(unit, limit.limit),
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
    drawn = table("limit on", "unit", "per", "limit", "until", "etag", "changed", "by", numbers=("limit",))
    for limit in limits:
        drawn.add_row(
            target_name(limit.target),
            unit_name(limit.unit),
            str(limit.period).lower(),
            value(limit.unit, limit.amount),
            iso(limit.expire_time),
            limit.etag,
            iso(limit.update_time),
            limit.updated_by or "-",
        )
    console.print(drawn)


def draw_changes(changes: Sequence[LimitChange]) -> None:
    """Print who changed which limit."""
    console = stdout()
    if not changes:
        console.print(note("no changes"))
        return
    drawn = table("when", "limit on", "unit", "per", "from", "to", "who", "why", numbers=("from", "to"))
    for change in changes:
        drawn.add_row(
            iso(change.change_time),
            target_name(change.target),
            unit_name(change.unit),
            str(change.period).lower(),
            _side(change.before, "none"),
            _side(change.after, "deleted"),
            change.actor or "-",
            change.reason or "-",
        )
    console.print(drawn)


def _side(limit: Limit | None, absent: str) -> str:
    if limit is None:
        return absent
    until = f" until {iso(limit.expire_time)}" if limit.expire_time else ""
    return value(limit.unit, limit.amount) + until
