"""How values are written on the command line."""

from datetime import UTC, datetime, timedelta, timezone

import click
import pytest
from almoner.cli import values


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("usd=0.25", ("usd", "0.25")),
        ("usd=0.1000001", ("usd", "0.1000001")),
        ("messages=1", ("messages", 1)),
        ("usd_micros=250000", ("usd_micros", 250_000)),
        ("tokens=-1", ("tokens", -1)),
    ],
)
def test_dollars_stay_exact_and_other_units_are_whole(text: str, read: tuple[str, object]) -> None:
    assert values.amount(text) == read


@pytest.mark.parametrize(
    "text", ["usd", "usd=", "=1", "", "messages=1.0", "messages=x", "messages=1_0", "messages=٣"]
)
def test_what_is_no_amount_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(click.BadParameter, match=f"'{text}'"):
        values.amount(text)


def test_unlimited_is_a_limit_but_no_amount() -> None:
    assert values.limit_value("usd=unlimited") == ("usd", None)
    assert values.limit_value("messages=3") == ("messages", 3)
    with pytest.raises(click.BadParameter):
        values.amount("messages=unlimited")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90", 90), ("1.5s", 1.5), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1d1s", 86_401)],
)
def test_a_duration_is_seconds_or_has_units(text: str, seconds: float) -> None:
    assert values.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1", "1x", "1m1h", "1h 5m", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="10m"):
        values.seconds(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T08:30", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01T08:30Z", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01T08:30+02:00", datetime(2026, 12, 1, 8, 30, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, time: datetime) -> None:
    assert values.time(text) == time


@pytest.mark.parametrize(("text", "away"), [("+36h", timedelta(hours=36)), ("-30m", -timedelta(minutes=30))])
def test_a_time_may_be_given_from_now(text: str, away: timedelta) -> None:
    before = datetime.now(UTC)
    assert before + away <= values.time(text) <= datetime.now(UTC) + away


@pytest.mark.parametrize("text", ["", "tomorrow", "+", "-x", "2026-13-01", "+99999999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-12-01"):
        values.time(text)
