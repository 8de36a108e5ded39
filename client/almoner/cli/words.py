"""Amounts, times and targets in words for people."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from almoner.amounts import USD_MICROS
from almoner.cli.targets import OPTIONS
from almoner.money import format_usd
from almoner.types.enums import Period
from almoner.types.parties import Target

IN_FLIGHT = "in_flight"
"""The unit that every open hold counts 1 of; it has no other period than LIFETIME."""
_STEPS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def number(unit: str, amount: int) -> str:
    """Write a number of a unit without naming the unit: `$0.25`, `1,234`."""
    if unit != USD_MICROS:
        return f"{amount:,}"
    dollars, _, decimals = format_usd(abs(amount)).partition(".")
    return f"{'-' if amount < 0 else ''}${int(dollars):,}.{decimals}"


def quantity(unit: str, amount: int) -> str:
    """Write an amount: `$0.25`, `1 messages`."""
    return number(unit, amount) if unit == USD_MICROS else f"{amount:,} {unit}"


def quantities(amounts: Mapping[str, int]) -> str:
    """Write amounts of several units, money first."""
    return ", ".join(quantity(unit, amounts[unit]) for unit in money_first(amounts)) or "nothing"


def money_first(units: Iterable[str]) -> list[str]:
    """Put units in the order to show them."""
    return sorted(units, key=lambda unit: (unit != USD_MICROS, unit))


def unit_name(unit: str) -> str:
    """Name a unit as it is given on the command line."""
    return "usd" if unit == USD_MICROS else unit


def rule(unit: str, period: Period) -> str:
    """Write what is limited: `usd per month`, `usd in a lifetime`, `in_flight`."""
    if unit == IN_FLIGHT:
        return unit
    return f"{unit_name(unit)} {'in a' if period is Period.LIFETIME else 'per'} {period.lower()}"


def target_name(target: Target) -> str:
    """Name a target as the option that gives it: `user u-17`, `namespace-pool`."""
    option = OPTIONS.get(target.kind, str(target.kind)).removeprefix("--")
    return f"{option} {target.id}" if target.id else option


def span(duration: timedelta) -> str:
    """Write a duration with its two largest parts, rounded down: `2 d 4 h`, `3 min`, `less than 1 s`."""
    rest = int(duration.total_seconds())
    parts = []
    for name, length in _STEPS:
        count, rest = divmod(rest, length)
        parts.append((count, name))
    while parts and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{count} {name}" for count, name in parts[:2] if count) or "less than 1 s"


def iso(time: datetime | None) -> str:
    """Write a time in UTC, to the minute if that is exact and else to the second: `2026-04-01T00:00Z`."""
    if time is None:
        return "-"
    time = time.astimezone(UTC)
    exact = time.second == 0 and time.microsecond == 0
    return f"{time:%Y-%m-%dT%H:%MZ}" if exact else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def resets(time: datetime | None, now: datetime) -> str:
    """Write when a window ends, in words and in UTC on the next line: `in 3 h 12 min`, `never`."""
    return "never" if time is None else f"in {span(time - now)}\n{iso(time)}"


def counted(count: int, name: str) -> str:
    """Write how many of something there are: `1 open hold`, `2 open holds`."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
    """Write a list of names."""
    return ", ".join(names) or "none"
