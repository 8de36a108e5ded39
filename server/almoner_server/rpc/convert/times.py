"""Moments and durations as the well-known messages."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_A_DAY = 86_400
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def timestamp(moment: datetime) -> Timestamp:
    """Convert a moment; exact to the microsecond, as a float of seconds is not."""
    message = Timestamp()
    set_timestamp(message, moment)
    return message


def set_timestamp(message: Timestamp, moment: datetime) -> None:
    """Write a moment into a message that is part of another: that spares a copy."""
    since = moment - _EPOCH
    message.seconds = since.days * _SECONDS_A_DAY + since.seconds
    message.nanos = since.microseconds * 1000


@lru_cache(maxsize=1024)
def window_bound(moment: datetime) -> Timestamp:
    """Convert the start or end of a window. All limits share a few: the message is not to be changed."""
    return timestamp(moment)


def duration(span: timedelta) -> Duration:
    """Convert a duration that is not negative."""
    seconds, rest = divmod(span, _SECOND)
    return Duration(seconds=seconds, nanos=rest // _MICROSECOND * 1000)
