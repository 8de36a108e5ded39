"""Durations and moments."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from almoner_server.core.calendar import ENDS_OF_TIME
from almoner_server.core.errors import RequestFailed, invalid

DEFAULT_TTL = timedelta(minutes=10)
MIN_TTL = timedelta(seconds=1)
MAX_TTL = timedelta(hours=24)
NO_WAIT = timedelta(0)
MAX_WAIT = timedelta(minutes=5)
MAX_ADVANCE = timedelta(days=366)
NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


def ttl(field: str, given: Duration) -> timedelta:
    """Return a time to live: 1 s to 24 h. Raises RequestFailed DURATION_OUT_OF_RANGE."""
    return _duration(field, given, MIN_TTL, MAX_TTL, "1 s to 24 h")


def wait(given: Duration) -> timedelta:
    """Return how long to wait for room: 0 to 5 min. Raises RequestFailed DURATION_OUT_OF_RANGE."""
    return _duration("wait", given, NO_WAIT, MAX_WAIT, "0 s to 5 min")


def advance(given: Duration) -> timedelta:
    """Return by how much to move a clock on: 0 to 366 days. Raises RequestFailed DURATION_OUT_OF_RANGE."""
    return _duration("by", given, NO_WAIT, MAX_ADVANCE, "0 s to 366 days")


def moment(field: str, given: Timestamp) -> datetime:
    """Return a moment of the years 1 to 9999, to the microsecond. Raises RequestFailed TIME_OUT_OF_RANGE."""
    seconds, nanos = given.seconds, given.nanos
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < NANOS):
        raise _no_moment(field, given)
    found = _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    if found in ENDS_OF_TIME:
        raise _no_moment(field, given)
    return found


def _no_moment(field: str, given: Timestamp) -> RequestFailed:
    bounds = "0001-01-01T00:00:00.000001Z to 9999-12-31T23:59:59.999998Z"
    value = f"{given.seconds} s {given.nanos} ns"
    message = f"{given.seconds} s and {given.nanos} ns since 1970 are outside {bounds}"
    return invalid("TIME_OUT_OF_RANGE", field, message, value=value, limit=bounds)


def _duration(field: str, given: Duration, least: timedelta, most: timedelta, bounds: str) -> timedelta:
    seconds, nanos = given.seconds, given.nanos
    if not (0 <= nanos < NANOS and 0 <= seconds <= most.total_seconds()):
        raise _out_of_range(field, given, bounds)
    duration = timedelta(seconds=seconds, microseconds=nanos // 1000)
    if not least <= duration <= most or (duration == most and nanos % 1000):
        raise _out_of_range(field, given, bounds)
    return duration


def _out_of_range(field: str, given: Duration, bounds: str) -> RequestFailed:
    seconds, nanos = given.seconds, given.nanos
    same_sign = (seconds >= 0 and 0 <= nanos < NANOS) or (seconds <= 0 and -NANOS < nanos <= 0)
    value = f"{seconds + nanos / NANOS:.9g} s" if same_sign else f"{seconds} s {nanos} ns"
    return invalid("DURATION_OUT_OF_RANGE", field, f"{value} is outside {bounds}", value=value, limit=bounds)
