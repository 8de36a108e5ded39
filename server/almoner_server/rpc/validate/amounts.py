"""Amounts by unit."""

import re
from collections.abc import Mapping
from functools import lru_cache

from almoner_server.core.errors import RequestFailed, invalid
from almoner_server.core.records import Amounts
from almoner_server.core.terms import IN_FLIGHT
from almoner_server.rpc.validate.fields import required, shown

MAX_AMOUNT = 10**13
MAX_LIMIT = 10**15
UNIT_FORM = "1 to 64 lower-case letters, digits and _, starting with a letter"
_UNIT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII).fullmatch


@lru_cache(maxsize=4096)
def is_unit_name(text: str) -> bool:
    """Tell whether a namespace could declare a unit of this name."""
    return _UNIT(text) is not None


def amounts(given: Mapping[str, int], smallest: int = 0) -> Amounts:
    """Return amounts of `smallest` to 10^13 by unit.

    Raises RequestFailed: AMOUNT_OUT_OF_RANGE; UNKNOWN_UNIT for what can be no unit, and for the built-in one.
    """
    found = dict(given)
    for unit, amount in found.items():
        if not smallest <= amount <= MAX_AMOUNT:
            raise out_of_range(f"amounts[{_label(unit)}]", amount, smallest, MAX_AMOUNT)
        if unit == IN_FLIGHT or not is_unit_name(unit):
            raise _no_unit(unit)
    return found


def limit_amount(field: str, amount: int, smallest: int) -> int:
    """Return an amount of `smallest` to 10^15. Raises RequestFailed AMOUNT_OUT_OF_RANGE."""
    if not smallest <= amount <= MAX_LIMIT:
        raise out_of_range(field, amount, smallest, MAX_LIMIT)
    return amount


def limit_unit(text: str) -> str:
    """Return the unit of a limit. Raises RequestFailed: FIELD_REQUIRED, UNKNOWN_UNIT."""
    if not text:
        raise required("unit")
    if not is_unit_name(text):
        raise invalid("UNKNOWN_UNIT", "unit", f"{shown(text)} is no unit", value=shown(text), limit=UNIT_FORM)
    return text


def out_of_range(field: str, value: int, smallest: int, largest: int) -> RequestFailed:
    """Make the error of a number outside its bounds."""
    message = f"{value} is outside {smallest} to {largest}"
    return invalid("AMOUNT_OUT_OF_RANGE", field, message, value=str(value), limit=f"{smallest} to {largest}")


def _no_unit(unit: str) -> RequestFailed:
    field = f"amounts[{_label(unit)}]"
    if unit == IN_FLIGHT:
        message = f"{IN_FLIGHT} is built in: every open hold counts 1, it cannot be spent"
        return invalid("UNKNOWN_UNIT", field, message, value=unit, limit="a unit the namespace declares")
    return invalid("UNKNOWN_UNIT", field, f"{shown(unit)} is no unit", value=shown(unit), limit=UNIT_FORM)


def _label(unit: str) -> str:
    return unit if is_unit_name(unit) else shown(unit)
