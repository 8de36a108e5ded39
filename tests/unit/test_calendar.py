"""Windows, also where calendars are awkward."""

from datetime import UTC, date, datetime, timedelta

import pytest
from almoner_server.core.calendar import day_of, shared_periods, window
from almoner_server.core.terms import Period


def bounds(period: Period, day: date) -> tuple[date, date]:
    start, end = window(period, day.toordinal())
    assert start is not None
    assert end is not None
    return start.date(), end.date()


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 3, 11), date(2026, 3, 9)),
        (date(2026, 3, 9), date(2026, 3, 9)),
        (date(2026, 3, 15), date(2026, 3, 9)),
        (date(2027, 1, 1), date(2026, 12, 28)),
        (date(2020, 12, 31), date(2020, 12, 28)),
        (date(2024, 12, 30), date(2024, 12, 30)),
    ],
)
def test_a_week_runs_from_monday_to_monday_across_year_ends(day: date, monday: date) -> None:
    assert bounds(Period.WEEK, day) == (monday, monday + timedelta(days=7))
    assert monday.isocalendar().weekday == 1


@pytest.mark.parametrize(
    ("day", "first", "following"),
    [
        (date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)),
        (date(2024, 2, 29), date(2024, 2, 1), date(2024, 3, 1)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_a_month_runs_from_the_first_to_the_first(day: date, first: date, following: date) -> None:
    assert bounds(Period.MONTH, day) == (first, following)


def test_a_day_ends_at_midnight_utc_whatever_zone_the_moment_is_given_in() -> None:
    late = datetime(2026, 3, 11, 23, 59, 59, tzinfo=UTC)
    assert day_of(late) + 1 == day_of(late + timedelta(seconds=1))
    assert window(Period.LIFETIME, day_of(late)) == (None, None)


def test_two_days_share_the_windows_that_hold_both() -> None:
    tuesday, next_month = date(2026, 3, 31).toordinal(), date(2026, 4, 1).toordinal()
    assert shared_periods(tuesday, next_month) == (Period.WEEK, Period.LIFETIME)
    assert shared_periods(tuesday, tuesday) == tuple(Period)
