"""Amounts as people read them."""

from almoner_server.core.terms import IN_FLIGHT

MICROS = 1_000_000


def in_words(amount: int, unit: str) -> str:
    """Write an amount: dollars for `usd_micros`, "1,200 tokens", "1 call in flight"."""
    if unit == "usd_micros":
        return dollars(amount)
    if unit == IN_FLIGHT:
        return f"{amount:,} call{'' if amount == 1 else 's'} in flight"
    return f"{amount:,} {unit}"


def dollars(micros: int) -> str:
    """Write micro-dollars with cents, and with as many more digits as they have: $1,234.50, $0.000017."""
    whole, rest = divmod(micros, MICROS)
    digits = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"${whole:,}.{digits}"
