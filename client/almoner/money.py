"""Decimal dollars to the unit `usd_micros` and back, exactly. Nothing here computes with floats."""

from decimal import ROUND_CEILING, Context, Decimal, InvalidOperation
from numbers import Integral

from almoner.errors import InvalidArgument, out_of_range

MICROS_PER_USD = 1_000_000
MAX_AMOUNT = 10**13
"""The largest amount of a unit in one call: 10,000,000 dollars in `usd_micros`."""

# Its own context: the caller's precision and traps must not change what is charged. 28 digits hold
# every amount that passes the range check.
_EXACT = Context(prec=28, traps=[InvalidOperation])
_MICRO = Decimal("0.000001")

_KINDS = "int, Decimal, str or float"


def usd_to_micros(usd: int | Decimal | str | float, *, field: str = "usd", maximum: int = MAX_AMOUNT) -> int:
    """Convert dollars to micro-dollars; a fraction of a micro-dollar rounds up, once.

    A float stands for its shortest decimal form: 0.1 is a tenth of a dollar.

    Args:
        usd: Dollars, 0 to `maximum` micro-dollars.
        field: What an error calls the value.
        maximum: The bound, in micro-dollars.

    Raises:
        InvalidArgument: Not a number, not finite, negative, or above the bound.
    """
    dollars = _to_decimal(usd, field)
    limit = _EXACT.divide(Decimal(maximum), MICROS_PER_USD)
    if not dollars.is_finite() or dollars < 0 or dollars > limit:
        raise out_of_range(field, usd, f"0 to {limit:f} dollars")
    micros = dollars.quantize(_MICRO, rounding=ROUND_CEILING, context=_EXACT)
    return int(micros.scaleb(6, _EXACT))


def usd_to_whole_micros(usd: int | Decimal | str | float, *, field: str, maximum: int) -> int:
    """Convert dollars to micro-dollars where rounding would change what was asked for, as in a limit.

    Raises:
        InvalidArgument: As `usd_to_micros`, or there is a fraction of a micro-dollar.
    """
    micros = usd_to_micros(usd, field=field, maximum=maximum)
    if _EXACT.compare(_to_decimal(usd, field), Decimal(micros).scaleb(-6, _EXACT)) != 0:
        raise out_of_range(field, usd, "whole micro-dollars, at most 6 decimals")
    return micros


def format_usd(micros: int) -> str:
    """Show micro-dollars as dollars, with two to six decimals: 250000 is "0.25" and -1 is "-0.000001"."""
    dollars, fraction = divmod(abs(micros), MICROS_PER_USD)
    decimals = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{dollars}.{decimals}"


def _to_decimal(usd: object, field: str) -> Decimal:
    if not isinstance(usd, int) and isinstance(usd, Integral):  # as other libraries have them
        usd = int(usd)
    if isinstance(usd, bool) or not isinstance(usd, int | Decimal | str | float):
        raise InvalidArgument(
            f"{field}: {usd!r} is not an amount of dollars: give {_KINDS}",
            reason="AMOUNT_OUT_OF_RANGE",
            metadata={"field": field, "value": repr(usd), "limit": _KINDS},
        )
    # float.__repr__, because a subclass of float may print itself in another way.
    exact = float.__repr__(usd) if isinstance(usd, float) else usd
    try:
        return Decimal(exact)
    except InvalidOperation:
        raise out_of_range(field, usd, "a decimal number of dollars") from None
