"""Windows of a moment (docs/semantics.md, Periods and windows)."""

from datetime import UTC, datetime, timedelta

from almoner.v1.resources_pb2 import PERIOD_DAY, PERIOD_LIFETIME, PERIOD_MONTH, PERIOD_WEEK, Period
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

PERIODS = (PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_LIFETIME)
Window = tuple[datetime, datetime] | None


def window(period: Period.ValueType, moment: datetime) -> Window:
    """Return start (inclusive) and end (exclusive) of the window of a moment; None for LIFETIME."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == PERIOD_DAY:
        return midnight, midnight + timedelta(days=1)
    if period == PERIOD_WEEK:
        monday = midnight - timedelta(days=midnight.weekday())
        return monday, monday + timedelta(days=7)
    if period == PERIOD_MONTH:
        first = midnight.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1)
    return None


def within(found: Window, moment: datetime) -> bool:
    """Tell whether a moment lies in a window."""
    return found is None or found[0] <= moment < found[1]


def stamp(moment: datetime) -> Timestamp:
    """Convert a moment into a message."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def moment_of(message: Timestamp) -> datetime:
    """Convert a message into a moment."""
    return message.ToDatetime(tzinfo=UTC)


def span(length: timedelta) -> Duration:
    """Convert a length of time into a message."""
    message = Duration()
    message.FromTimedelta(length)
    return message
