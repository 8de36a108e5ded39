"""What people read."""

from datetime import UTC, datetime, timedelta

import pytest
from almoner import Period, Target
from almoner.cli import words
from almoner.cli.draw.bars import bar

NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than 1 s"),
        (0.9, "less than 1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (11_520, "3 h 12 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_span_is_told_by_its_two_largest_parts(seconds: float, text: str) -> None:
    assert words.span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("unit", "amount", "text"),
    [
        ("usd_micros", 250_000, "$0.25"),
        ("usd_micros", 1_234_567_891, "$1,234.567891"),
        ("usd_micros", -1, "-$0.000001"),
        ("messages", 1234, "1,234 messages"),
    ],
)
def test_money_is_told_in_dollars_to_its_last_digit(unit: str, amount: int, text: str) -> None:
    assert words.quantity(unit, amount) == text


def test_a_reset_is_told_in_words_and_in_utc() -> None:
    assert words.resets(datetime(2026, 4, 1, tzinfo=UTC), NOW) == "in 20 d 14 h\n2026-04-01T00:00Z"
    assert words.resets(None, NOW) == "never"


def test_a_target_is_named_as_the_option_that_gives_it() -> None:
    assert words.target_name(Target.group_pool("research")) == "group-pool research"
    assert words.target_name(Target.namespace_default()) == "default"
    assert words.rule("usd_micros", Period.MONTH) == "usd per month"


@pytest.mark.parametrize(
    ("limit", "spent", "held", "drawn"),
    [
        (100, 0, 0, "░░░░░░░░░░"),
        (100, 50, 20, "█████▒▒░░░"),
        (100, 1, 1, "█▒░░░░░░░░"),
        (1000, 998, 1, "████████▒░"),
        (100, 80, 20, "████████▒▒"),
        (100, 0, 100, "▒▒▒▒▒▒▒▒▒▒"),
        (100, 150, 0, "██████████"),
        (0, 0, 0, "██████████"),
        (None, 5, 5, "unlimited "),
    ],
)
def test_a_bar_shows_what_is_not_nothing_and_is_full_only_when_nothing_remains(
    limit: int | None, spent: int, held: int, drawn: str
) -> None:
    assert bar(limit, spent, held, width=10).plain == drawn


def test_a_bar_has_letters_where_the_terminal_has_no_blocks() -> None:
    assert bar(10, 5, 2, width=10, encoding="ascii").plain == "#####++..."
