"""Windows of the four periods, in UTC (docs/semantics.md, Periods and windows).

A day is its proleptic ordinal (`date.toordinal()`). Ordinal 1 is a Monday, so that ISO weeks are plain arithmetic and
never notice the end of a year.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from almoner_server.core.terms import Period

ENDS_OF_TIME = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
"""No moments: the driver of the database takes these two for infinities, and gives them back without a zone."""


def day_of(moment: datetime) -> int:
    """Return the ordinal of the UTC day that `moment` (aware) lies in."""
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).toordinal()


@lru_cache(maxsize=4096)
def window(period: Period, day: int) -> tuple[datetime | None, datetime | None]:
    """Return start (inclusive) and end (exclusive) of the window that holds `day`; (None, None) for LIFETIME."""
    match period:
        case Period.DAY:
            return _midnight(day), _midnight(day + 1)
        case Period.WEEK:
            monday = day - (day - 1) % 7
            return _midnight(monday), _midnight(monday + 7)
        case Period.MONTH:
            first = date.fromordinal(day).replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
            return _midnight(first.toordinal()), _midnight(following.toordinal())
        case Period.LIFETIME:
            return None, None


@lru_cache(maxsize=4096)
def shared_periods(one: int, other: int) -> tuple[Period, ...]:
    """Return the periods whose window holds both days. LIFETIME always does."""
    return tuple(period for period in Period if window(period, one) == window(period, other))


def _midnight(day: int) -> datetime:
    return datetime.combine(date.fromordinal(day), datetime.min.time(), UTC)
