import decimal
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from almoner import InvalidArgument, format_usd
from almoner.money import MAX_AMOUNT, usd_to_micros, usd_to_whole_micros
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("usd", "micros"),
    [
        (0, 0),
        (1, 1_000_000),
        (0.25, 250_000),
        (0.1, 100_000),
        ("0.1", 100_000),
        (Decimal("0.000001"), 1),
        (Decimal("0.0000001"), 1),
        (Decimal("0.0000010000000000000000000000000000000000001"), 2),
        ("1e-400", 1),
        (0.1 + 0.2, 300_001),  # its shortest form is 0.30000000000000004
        (5e-324, 1),
        ("-0", 0),
        (-0.0, 0),
        (10_000_000, MAX_AMOUNT),
        ("10000000.000000", MAX_AMOUNT),
    ],
)
def test_dollars_become_micro_dollars_exactly_and_round_up(usd: Decimal | str | float, micros: int) -> None:
    assert usd_to_micros(usd) == micros


@pytest.mark.parametrize(
    "usd",
    [
        "nan",
        "sNaN",
        "inf",
        "-inf",
        "-0.01",
        "10000000.0000001",
        "one",
        "",
        "1e400",
        "1e999999999999999999999",
    ],
)
def test_what_is_no_amount_is_named_with_its_field(usd: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        usd_to_micros(usd, field="amounts[usd]")
    assert caught.value.field == "amounts[usd]"
    assert caught.value.metadata["value"] == usd
    assert caught.value.reason == "AMOUNT_OUT_OF_RANGE"
    assert usd in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("usd", [float("nan"), float("inf"), -1, True, None, b"1", Decimal("-0.0000001")])
def test_other_types_and_values_are_refused_too(usd: object) -> None:
    with pytest.raises(InvalidArgument):
        usd_to_micros(usd)  # type: ignore[arg-type]


def test_a_subclass_of_float_counts_by_its_value_and_not_by_how_it_prints() -> None:
    class Noisy(float):
        def __repr__(self) -> str:
            return "noisy"

    assert usd_to_micros(Noisy(0.5)) == 500_000


@given(st.decimals(min_value=0, max_value=10**7, allow_nan=False, allow_infinity=False))
def test_the_result_is_the_exact_product_rounded_up_whatever_the_callers_context(usd: Decimal) -> None:
    with decimal.localcontext(prec=1, rounding=decimal.ROUND_DOWN):
        assert usd_to_micros(usd) == math.ceil(Fraction(usd) * 10**6)


@given(st.integers(min_value=0, max_value=MAX_AMOUNT))
def test_formatting_and_reading_back_changes_nothing(micros: int) -> None:
    assert usd_to_micros(format_usd(micros)) == micros
    assert usd_to_whole_micros(format_usd(micros), field="amount", maximum=MAX_AMOUNT) == micros


def test_a_limit_is_not_rounded() -> None:
    with pytest.raises(InvalidArgument, match="whole micro-dollars"):
        usd_to_whole_micros("0.0000005", field="amount", maximum=MAX_AMOUNT)


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(0, "0.00"), (250_000, "0.25"), (1, "0.000001"), (-1, "-0.000001"), (1_234_567_891, "1234.567891")],
)
def test_dollars_are_shown_with_two_to_six_decimals(micros: int, shown: str) -> None:
    assert format_usd(micros) == shown
