"""When direct charges occurred whose callers did not say: the journal tells the authority when they were made.

A charge that is sent at once has no time of ours: the authority's clock is the better one. What has to wait gets one
before it is delivered. Should the authority know the charge already, because its first attempt arrived, or find the
time in the future, because this machine's clock is ahead, it is delivered without. Which of the two it was is
remembered: a caller that tells the charge again must tell the same.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from zlib import crc32

from almoner.journal.entries import Entry, charge_key
from almoner.v1 import quota_service_pb2 as quota

KEEP_SECONDS = 3600.0
"""How long a time is remembered after its charge was made, and as long as the charge waits."""
MAY_BE_OURS = ("ID_REUSED", "TIME_OUT_OF_RANGE")
"""What the authority answers if a time of ours may be at fault."""


def recall(db: sqlite3.Connection, request: quota.CommitRequest) -> bool:
    """Give a charge that is told again the time it had before; tell whether it is known."""
    found = db.execute(
        "SELECT occurred_at FROM own_times WHERE charge = ?", (charge_key(request),)
    ).fetchone()
    if found is not None and found[0] is not None:
        request.occurred_at.FromMicroseconds(found[0])
    return found is not None


def put_in(db: sqlite3.Connection, request: quota.CommitRequest, moment: datetime) -> None:
    """Say when a charge that is about to wait was made, unless it is known."""
    if not recall(db, request):
        request.occurred_at.FromDatetime(moment)
        _remember(db, request)


def put_into_waiting(db: sqlite3.Connection, waiting: Iterable[Entry], now: datetime) -> list[Entry]:
    """Say when those were made that were sent without an answer; they are told the same way from now on."""
    return [_timed(db, entry, now) for entry in waiting]


def _timed(db: sqlite3.Connection, entry: Entry, now: datetime) -> Entry:
    request = entry.request
    if not isinstance(request, quota.CommitRequest) or not is_without(request):
        return entry
    if not entry.attempts and entry.create_time.date() == now.date():
        return entry  # what somebody was sending that died just now: in the same windows, and as it was sent
    put_in(db, request, entry.create_time)
    return entry if is_without(request) else _rewritten(db, entry, request)


def take_out(db: sqlite3.Connection, waiting: Iterable[Entry]) -> list[Entry]:
    """Take our times out of entries, for good, and give those that had one."""
    return [
        _untimed(db, entry, entry.request)
        for entry in waiting
        if isinstance(entry.request, quota.CommitRequest) and _is_ours(db, entry.request)
    ]


def _is_ours(db: sqlite3.Connection, request: quota.CommitRequest) -> bool:
    found = db.execute(
        "SELECT 1 FROM own_times WHERE charge = ? AND occurred_at = ?",
        (charge_key(request), request.occurred_at.ToMicroseconds()),
    )
    return request.HasField("occurred_at") and found.fetchone() is not None


def _untimed(db: sqlite3.Connection, entry: Entry, request: quota.CommitRequest) -> Entry:
    request.ClearField("occurred_at")
    _remember(db, request)
    return _rewritten(db, entry, request)


def is_without(request: quota.CommitRequest) -> bool:
    """Tell whether this is a direct charge whose time nobody has said."""
    return not request.hold_id and not request.HasField("occurred_at")


def prune(db: sqlite3.Connection, now: float) -> None:
    """Forget the times of charges that were delivered long ago."""
    db.execute(
        "DELETE FROM own_times WHERE create_time < ?"
        " AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.charge = own_times.charge)",
        (now - KEEP_SECONDS,),
    )


def _remember(db: sqlite3.Connection, request: quota.CommitRequest) -> None:
    moment = request.occurred_at.ToMicroseconds() if request.HasField("occurred_at") else None
    db.execute(
        "INSERT OR REPLACE INTO own_times (charge, occurred_at, create_time) VALUES (?, ?, ?)",
        (charge_key(request), moment, datetime.now(UTC).timestamp()),
    )


def _rewritten(db: sqlite3.Connection, entry: Entry, request: quota.CommitRequest) -> Entry:
    payload = request.SerializeToString()
    db.execute(
        "UPDATE entries SET request = ?, checksum = ? WHERE number = ?",
        (payload, crc32(payload), entry.number),
    )
    return replace(entry, request=request)
