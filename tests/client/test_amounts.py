from decimal import Decimal

import pytest
from almoner import InvalidArgument
from almoner.amounts import MAX_LIMIT, collect_amounts, limit_amount


def test_keywords_and_mapping_are_merged_and_dollars_become_micro_dollars() -> None:
    assert collect_amounts({"tokens": 700}, {"usd": "0.25", "messages": 1}) == {
        "tokens": 700,
        "usd_micros": 250_000,
        "messages": 1,
    }


@pytest.mark.parametrize(
    ("amounts", "units"),
    [({"tokens": 1}, {"tokens": 1}), ({"usd": 1}, {"usd_micros": 1}), ({"usd": 1, "usd_micros": 1}, {})],
)
def test_a_unit_given_twice_is_refused(amounts: dict[str, int], units: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument, match="given twice"):
        collect_amounts(amounts, units)


@pytest.mark.parametrize("amount", [-1, 10**13 + 1, 1.0, "1", Decimal(1), True, None])
def test_other_units_take_whole_numbers_in_range_only(amount: object) -> None:
    with pytest.raises(InvalidArgument) as caught:
        collect_amounts(None, {"tokens": amount})  # type: ignore[dict-item]
    assert caught.value.metadata == {
        "field": "amounts[tokens]",
        "value": str(amount),
        "limit": "a whole number, 0 to 10000000000000",
    }


def test_the_bounds_themselves_pass() -> None:
    assert collect_amounts({"tokens": 0}, {"messages": 10**13}) == {"tokens": 0, "messages": 10**13}


def test_a_limit_has_its_own_bound_and_may_be_given_in_dollars() -> None:
    assert limit_amount("tokens", MAX_LIMIT, field="amount") == ("tokens", MAX_LIMIT)
    assert limit_amount("usd", "1000000000", field="amount") == ("usd_micros", MAX_LIMIT)
    with pytest.raises(InvalidArgument, match="0 to 1000000000 dollars"):
        limit_amount("usd", "1000000000.000001", field="amount")
