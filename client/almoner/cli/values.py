"""How values are written on the command line: amounts, durations, times, labels.

Each function reads one value and raises click.BadParameter, which says what it may look like.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import click

from almoner.amounts import USD, Amount
from almoner.types.enums import Period

EnumT = TypeVar("EnumT", bound=StrEnum)
ValueT = TypeVar("ValueT")

UNLIMITED = "unlimited"
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def amount(text: str) -> tuple[str, Amount]:
    """Read `usd=0.25` or `messages=1`. Dollars stay text, so that no digit is lost."""
    unit, _, number = text.partition("=")
    if not unit or not number:
        raise click.BadParameter(f"{text!r} is not UNIT=AMOUNT, such as usd=0.25 or messages=1")
    if unit == USD:
        return unit, number
    if not _WHOLE.fullmatch(number):
        raise click.BadParameter(f"{text!r}: {number!r} is not a whole number; only usd has decimals")
    return unit, int(number)


def limit_value(text: str) -> tuple[str, Amount | None]:
    """Read `usd=25` or `usd=unlimited`; None stands for unlimited."""
    unit, _, number = text.partition("=")
    return (unit, None) if unit and number == UNLIMITED else amount(text)


def seconds(text: str) -> float:
    """Read a duration: `90`, `90s`, `10m`, `1h30m`, `2d`."""
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        raise click.BadParameter(f"{text!r} is not a duration, such as 90s, 10m, 1h30m or 2d")
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def time(text: str) -> datetime:
    """Read a time: ISO 8601, in UTC if it names no zone, or `+2h` and `-30m` from now."""
    try:
        if text[:1] in {"+", "-"}:
            span = timedelta(seconds=seconds(text[1:]))
            return datetime.now(UTC) + (span if text[0] == "+" else -span)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, click.BadParameter):
        hint = "such as 2026-12-01, 2026-12-01T08:00Z, +2h or -30m"
        raise click.BadParameter(f"{text!r} is not a time, {hint}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def attribute(text: str) -> tuple[str, str]:
    """Read `model=small`; the value may be empty."""
    key, equals, label = text.partition("=")
    if not key or not equals:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE, such as model=small")
    return key, label


def labels(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Collect labels.

    Raises:
        click.UsageError: A key is given twice.
    """
    return _each_once(pairs, "--attribute ")


def choice(kind: type[EnumT]) -> click.Choice[EnumT]:
    """Offer the members of an enum, in any case."""
    return click.Choice([member for member in kind if member.name != "UNKNOWN"], case_sensitive=False)


PERIOD = choice(Period)


def by_unit(pairs: Iterable[tuple[str, Amount]]) -> dict[str, Amount]:
    """Collect amounts.

    Raises:
        click.UsageError: A unit is given twice.
    """
    return _each_once(pairs)


def _each_once(pairs: Iterable[tuple[str, ValueT]], option: str = "") -> dict[str, ValueT]:
    found: dict[str, ValueT] = {}
    for key, value in pairs:
        if key in found:
            raise click.UsageError(f"{option}{key} is given twice: {key}={found[key]} and {key}={value}")
        found[key] = value
    return found
