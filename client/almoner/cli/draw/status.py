"""What is left, and what was spent, limited or not."""

from collections.abc import Iterable
from itertools import groupby

from rich.table import Table

from almoner.cli.draw.console import note, stdout, table
from almoner.cli.draw.limits import status_table
from almoner.cli.words import counted, iso, number, quantity, unit_name
from almoner.types.enums import Period
from almoner.types.status import AccountStatus, Status, Usage

_PERIODS = (Period.DAY, Period.WEEK, Period.MONTH, Period.LIFETIME)


def draw_status(status: Status) -> None:
    """Print what is left for a user, a chat, or both."""
    console = stdout()
    if status.limits:
        console.print(status_table(status.limits, status.as_of_time, console))
    else:
        console.print(note("no limit applies"))
    console.print()
    console.print(_spend(status.accounts))
    for account in status.accounts:
        if told := _still_open(account):
            console.print(f"{_name(account)}: {told}")
    if len(status.chat_chain) > 1:
        console.print(f"chats: {' > '.join(status.chat_chain)}")
    for unit, remaining in status.chat_remaining.items():
        console.print(f"left along the chats: {quantity(unit, remaining)}")
    console.print(note(f"as of {iso(status.as_of_time.replace(microsecond=0))}"))


def _spend(accounts: Iterable[AccountStatus]) -> Table:
    """Draw spent and held by account and unit; a unit without any is left out."""
    periods = [str(period).lower() for period in _PERIODS]
    columns = [period if period == "lifetime" else f"this {period}" for period in periods]
    drawn = table("spent by", "unit", *columns, numbers=tuple(columns))
    for account in accounts:
        rows = [row for row in _units(account) if any(usage.spent or usage.held for usage in row.values())]
        for row in rows:
            unit = next(iter(row.values())).unit
            drawn.add_row(_name(account), unit_name(unit), *(_usage(row.get(period)) for period in _PERIODS))
        if not rows:
            drawn.add_row(_name(account), "-", *("-" for _ in _PERIODS))
    return drawn


def _units(account: AccountStatus) -> list[dict[Period, Usage]]:
    ordered = sorted(account.usages, key=lambda usage: (usage.unit != "usd_micros", usage.unit))
    return [
        {usage.period: usage for usage in usages} for _, usages in groupby(ordered, lambda usage: usage.unit)
    ]


def _usage(usage: Usage | None) -> str:
    if usage is None:
        return "-"
    held = f" + {number(usage.unit, usage.held)} held" if usage.held else ""
    return number(usage.unit, usage.spent) + held


def _name(account: AccountStatus) -> str:
    return f"{account.account.kind.lower()} {account.account.id}".strip()


def _still_open(account: AccountStatus) -> str:
    counts = {
        "open hold": account.open_holds,
        "estimated charge": account.open_estimates,
        "unpriced charge": account.open_unpriced,
    }
    return ", ".join(counted(count, name) for name, count in counts.items() if count)
