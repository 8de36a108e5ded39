"""What is in the journal: putting a request in, who is sending it, and how it leaves."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zlib import crc32

from google.protobuf.message import DecodeError

from almoner.v1 import quota_service_pb2 as quota

BATCH_BYTES = 1 << 20
"""Length of the requests that are delivered in one call."""
DAMAGED = "damaged on disk: the checksum does not match"


class EntryKind(StrEnum):
    """Says which call an entry is."""

    COMMIT = "COMMIT"
    RELEASE = "RELEASE"


class EntryState(StrEnum):
    """Says what becomes of an entry."""

    SENDING = "SENDING"
    """A client is sending it just now; if that dies, another will."""
    WAITING = "WAITING"
    """It waits for the authority to be back."""
    DEAD = "DEAD"
    """The authority refused it for good, or it was damaged: somebody must look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Shows one request in the journal."""

    number: int
    """Entries are sent in the order of their numbers."""
    kind: EntryKind
    state: EntryState
    request: quota.CommitRequest | quota.ReleaseRequest | None
    """None if it was damaged on disk."""
    attempts: int
    """How often it was sent without an answer."""
    error: str
    """What the last attempt met."""
    create_time: datetime


def insert(
    db: sqlite3.Connection, request: quota.CommitRequest | quota.ReleaseRequest, owner: str, now: float
) -> int:
    """Put a request in; give its number."""
    payload = request.SerializeToString()
    commit = isinstance(request, quota.CommitRequest)
    cursor = db.execute(
        "INSERT INTO entries (kind, charge, hold, request, checksum, owner, create_time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            EntryKind.COMMIT if commit else EntryKind.RELEASE,
            charge_key(request) if isinstance(request, quota.CommitRequest) else "",
            key(request.namespace, request.hold_id) if request.hold_id else "",
            payload,
            crc32(payload),
            owner,
            now,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def key(namespace: str, identifier: str) -> str:
    """Name something of a namespace. No id has a control character."""
    return f"{namespace}\n{identifier}"


def charge_key(request: quota.CommitRequest) -> str:
    """Name the charge that a commit will be."""
    return key(request.namespace, request.charge_id or request.hold_id)


def is_behind(db: sqlite3.Connection, request: quota.CommitRequest) -> bool:
    """Tell whether an earlier commit on the same hold still waits, which this one must not overtake."""
    found = db.execute(
        "SELECT 1 FROM entries WHERE hold = ? AND hold <> '' AND dead = 0 AND owner = '' LIMIT 1",
        (key(request.namespace, request.hold_id) if request.hold_id else "",),
    )
    return found.fetchone() is not None


def same_waiting(db: sqlite3.Connection, request: quota.CommitRequest) -> int | None:
    """Find the entry in which this very commit waits already: its caller tells it again."""
    found = db.execute(
        "SELECT number, request FROM entries WHERE charge = ? AND dead = 0 AND owner = ''",
        (charge_key(request),),
    )
    return next((number for number, payload in found if _is_same(payload, request)), None)


def _is_same(payload: bytes, request: quota.CommitRequest) -> bool:
    """Compare but for `occurred_at` where the caller gave none: the journal put it in."""
    try:
        kept = quota.CommitRequest.FromString(payload)
    except DecodeError:
        return False
    if not request.HasField("occurred_at"):
        kept.ClearField("occurred_at")
    return kept == request


def delete(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Take out what the authority has, or its caller was told of."""
    db.executemany("DELETE FROM entries WHERE number = ?", [(number,) for number in numbers])


def give_back(db: sqlite3.Connection, numbers: Iterable[int], error: str) -> None:
    """Let entries wait that were sent without an answer."""
    db.executemany(
        "UPDATE entries SET owner = '', attempts = attempts + 1, error = ? WHERE number = ?",
        [(error, number) for number in numbers],
    )


def bury(db: sqlite3.Connection, numbers: Iterable[int], error: str) -> None:
    """Set entries aside that will never be accepted as they are."""
    db.executemany(
        "UPDATE entries SET owner = '', dead = 1, attempts = attempts + 1, error = ? WHERE number = ?",
        [(error, number) for number in numbers],
    )


def revive(db: sqlite3.Connection) -> None:
    """Give dead entries another try."""
    db.execute("UPDATE entries SET dead = 0 WHERE dead = 1")


def drop(db: sqlite3.Connection, numbers: Iterable[int], *, waiting: bool) -> list[int]:
    """Take dead entries out for good, or also those that wait; give the numbers that were."""
    statement = "DELETE FROM entries WHERE number = ? AND owner = '' AND dead >= ?"
    least = 0 if waiting else 1
    return [number for number in numbers if db.execute(statement, (number, least)).rowcount]


def owners(db: sqlite3.Connection) -> list[str]:
    """Name those who are sending something just now."""
    return [name for (name,) in db.execute("SELECT DISTINCT owner FROM entries WHERE owner <> ''")]


def disown(db: sqlite3.Connection, owner: str) -> None:
    """Let wait what a client was sending that is gone."""
    db.execute("UPDATE entries SET owner = '' WHERE owner = ?", (owner,))


_COLUMNS = "SELECT number, kind, request, checksum, owner, dead, attempts, error, create_time FROM entries"


def waiting(db: sqlite3.Connection, after: int, count: int) -> list[Entry]:
    """Read the next entries that wait, in their order: so many at most, and so much that one call takes it."""
    found = db.execute(
        f"{_COLUMNS} WHERE number > ? AND dead = 0 AND owner = '' ORDER BY number LIMIT ?", (after, count)
    )
    read: list[Entry] = []
    room = BATCH_BYTES
    for row in found:
        room -= len(row[2])
        if read and room < 0:
            break
        read.append(_entry(row))
    return read


def listed(db: sqlite3.Connection, count: int) -> list[Entry]:
    """Read the first entries, whatever their state."""
    return [_entry(row) for row in db.execute(f"{_COLUMNS} ORDER BY number LIMIT ?", (count,))]


def count_by_state(db: sqlite3.Connection) -> dict[EntryState, int]:
    """Count entries."""
    found = db.execute("SELECT dead, owner <> '', count(*) FROM entries GROUP BY 1, 2")
    counts = dict.fromkeys(EntryState, 0)
    for dead, owned, count in found:
        counts[_state(dead, owned)] += count
    return counts


def _state(dead: int, owned: int | str) -> EntryState:
    if dead:
        return EntryState.DEAD
    return EntryState.SENDING if owned else EntryState.WAITING


def _entry(row: tuple[int, str, bytes, int, str, int, int, str, float]) -> Entry:
    number, kind, payload, checksum, owner, dead, attempts, error, create_time = row
    return Entry(
        number=number,
        kind=EntryKind(kind),
        state=_state(dead, owner),
        request=_request(kind, payload) if crc32(payload) == checksum else None,
        attempts=attempts,
        error=error,
        create_time=datetime.fromtimestamp(create_time, UTC),
    )


def _request(kind: str, payload: bytes) -> quota.CommitRequest | quota.ReleaseRequest:
    message = quota.CommitRequest if kind == EntryKind.COMMIT else quota.ReleaseRequest
    return message.FromString(payload)
