"""Amounts as callers write them: keyword arguments and a mapping, to one map of unit to int."""

from collections.abc import Mapping
from decimal import Decimal
from operator import index

from almoner.errors import InvalidArgument, out_of_range
from almoner.money import MAX_AMOUNT, usd_to_micros, usd_to_whole_micros
from almoner.wire.arguments import not_sendable

Amount = int | Decimal | str | float

USD = "usd"
"""Not a unit: the decimal face of `usd_micros`."""
USD_MICROS = "usd_micros"
MAX_LIMIT = 10**15


def collect_amounts(amounts: Mapping[str, Amount] | None, units: Mapping[str, Amount]) -> dict[str, int]:
    """Merge `amounts` and keyword `units` into whole amounts, with `usd` as `usd_micros`, rounded up.

    Raises:
        InvalidArgument: Not a mapping, or an amount is not in 0 to 10^13, not whole (other than `usd`) or given
            twice.
    """
    merged: dict[str, int] = {}
    try:
        for given in (amounts or {}), units:
            for name, amount in given.items():
                unit = USD_MICROS if name == USD else name
                if unit in merged:
                    raise _given_twice(unit)
                merged[unit] = _to_amount(name, amount)
    except AttributeError:
        raise not_sendable("amounts", amounts, "a mapping", reason="FIELD_NOT_ALLOWED") from None
    return merged


def unit_name(name: str) -> str:
    """Give the unit that a name stands for: `usd` is that of `usd_micros`, everything else its own."""
    return USD_MICROS if name == USD else name


def limit_amount(unit: str, amount: Amount, *, field: str) -> tuple[str, int]:
    """Convert the amount of a limit. In `usd` it must come to whole micro-dollars: a limit is not rounded.

    Returns:
        The unit of the namespace and the amount in it, 0 to 10^15.

    Raises:
        InvalidArgument: Out of range, or not whole.
    """
    if unit == USD:
        return USD_MICROS, usd_to_whole_micros(amount, field=field, maximum=MAX_LIMIT)
    return unit, _to_whole(field, amount, MAX_LIMIT)


def _to_amount(name: str, amount: Amount) -> int:
    if type(amount) is int and 0 <= amount <= MAX_AMOUNT and name != USD:
        return amount
    field = f"amounts[{name}]"
    return usd_to_micros(amount, field=field) if name == USD else _to_whole(field, amount, MAX_AMOUNT)


def _to_whole(field: str, amount: Amount, maximum: int) -> int:
    """Take only what is an integer already: 1.0 may be the end of a computation that went wrong."""
    limit = f"a whole number, 0 to {maximum}"
    if isinstance(amount, bool | float | Decimal | str):
        raise out_of_range(field, amount, limit)
    try:
        whole = index(amount)
    except TypeError:
        raise out_of_range(field, amount, limit) from None
    if not 0 <= whole <= maximum:
        raise out_of_range(field, amount, limit)
    return whole


def _given_twice(unit: str) -> InvalidArgument:
    field = f"amounts[{unit}]"
    return InvalidArgument(
        f"{field}: given twice; give each unit once, and one of {USD} and {USD_MICROS}",
        reason="FIELD_NOT_ALLOWED",
        metadata={"field": field, "limit": "once"},
    )
