"""The local allowance: what was allowed here while the authority could not be reached.

A hold made here becomes direct charges under its ids, which occurred when it was made. What it holds counts against
the user's allowance, and so does what any direct charge in the journal has spent, until the authority has it.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from almoner.journal.entries import key
from almoner.v1 import quota_service_pb2 as quota

FOREVER = 1e18
KEEP_SECONDS = 86_400.0
"""How long a hold is remembered after its expiry: its commit may still come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalHold:
    """Is an amount set aside here. Times are in seconds since 1970, by this machine's clock."""

    namespace: str
    id: str
    user: str
    totals: Mapping[str, int]
    """All it may spend."""
    booked: Mapping[str, int]
    """What its commits so far came to."""
    admit_time: float
    expire_time: float
    open: bool = True
    """Whether it may still be changed: no final commit and no release yet."""

    @property
    def key(self) -> str:
        """Name it among all namespaces."""
        return key(self.namespace, self.id)

    @property
    def rest(self) -> dict[str, int]:
        """Give what is still set aside."""
        return {unit: max(0, total - self.booked.get(unit, 0)) for unit, total in self.totals.items()}


@dataclass(frozen=True, slots=True)
class Shortage:
    """Says which unit of an allowance has too little left."""

    unit: str
    wanted: int
    used: int
    limit: int

    def __str__(self) -> str:
        return (
            f"the local allowance does not cover amounts[{self.unit}]: {self.wanted} on top of {self.used}"
            f" not booked yet, limit {self.limit}"
        )


def shortage(
    db: sqlite3.Connection, hold: LocalHold, allowance: Mapping[str, int], now: float
) -> Shortage | None:
    """Decide as the authority does (docs/semantics.md, Admission): each unit, also those not asked for."""
    wanted = hold.rest
    for unit in sorted(allowance.keys() | wanted.keys()):
        amount, limit = wanted.get(unit, 0), allowance.get(unit, 0)
        if unit not in allowance and amount == 0:
            continue
        used = _used(db, hold, unit, now)
        if used + amount > limit or (amount == 0 and used >= limit):
            return Shortage(unit, amount, used, limit)
    return None


def _used(db: sqlite3.Connection, hold: LocalHold, unit: str, now: float) -> int:
    """Add up what the user holds and has spent here, but for the hold that is decided on."""
    found = db.execute(
        "SELECT coalesce(sum(amount), 0) FROM local_spend"
        " WHERE account = ? AND unit = ? AND until > ? AND source <> ?",
        (key(hold.namespace, hold.user), unit, now, hold.key),
    )
    return int(found.fetchone()[0])


def put(db: sqlite3.Connection, hold: LocalHold) -> None:
    """Write down a hold, new or changed, and what it sets aside."""
    db.execute(
        "INSERT OR REPLACE INTO local_holds (hold, user, totals, booked, admit_time, expire_time, open)"
        " VALUES (?, ?, ?, ?, ?, ?, 1)",
        (
            hold.key,
            hold.user,
            json.dumps(dict(hold.totals)),
            json.dumps(dict(hold.booked)),
            hold.admit_time,
            hold.expire_time,
        ),
    )
    _put_spend(db, hold.key, key(hold.namespace, hold.user), hold.rest, hold.expire_time)


def find(db: sqlite3.Connection, namespace: str, hold_id: str) -> LocalHold | None:
    """Find a hold that was made here."""
    row = db.execute(
        "SELECT user, totals, booked, admit_time, expire_time, open FROM local_holds WHERE hold = ?",
        (key(namespace, hold_id),),
    ).fetchone()
    if row is None:
        return None
    user, totals, booked, admit_time, expire_time, is_open = row
    return LocalHold(
        namespace=namespace,
        id=hold_id,
        user=user,
        totals=json.loads(totals),
        booked=json.loads(booked),
        admit_time=admit_time,
        expire_time=expire_time,
        open=bool(is_open),
    )


def as_direct(request: quota.CommitRequest, hold: LocalHold) -> bool:
    """Make the direct charge of a commit on a hold that the authority does not know; tell whether it is final."""
    final = not request.partial
    request.charge_id = request.charge_id or hold.id
    request.hold_id = ""
    request.partial = False
    request.subject.user = request.subject.user or hold.user
    request.occurred_at.FromDatetime(datetime.fromtimestamp(hold.admit_time, UTC))
    return final


def settle(db: sqlite3.Connection, hold: LocalHold, spent: Mapping[str, int], *, final: bool) -> None:
    """Take off what is held what a commit spends: that counts by itself from now on."""
    if final:
        release(db, hold)
    else:
        booked = {unit: hold.booked.get(unit, 0) + spent.get(unit, 0) for unit in {*hold.booked, *spent}}
        put(db, replace(hold, booked=booked))


def spend(db: sqlite3.Connection, request: quota.CommitRequest, number: int) -> None:
    """Count what a direct charge spends until the authority has its entry; a check of then could not see it."""
    account = key(request.namespace, request.subject.user)
    _put_spend(db, str(number), account, request.amounts, FOREVER)


def release(db: sqlite3.Connection, hold: LocalHold) -> None:
    """Give back what a hold sets aside. The hold stays known: the same commit may be told again."""
    db.execute("DELETE FROM local_spend WHERE source = ?", (hold.key,))
    db.execute("UPDATE local_holds SET open = 0 WHERE hold = ?", (hold.key,))


def forget_entries(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Free the allowance that entries took: the authority counts them now."""
    db.executemany("DELETE FROM local_spend WHERE source = ?", [(str(number),) for number in numbers])


def prune(db: sqlite3.Connection, now: float) -> None:
    """Forget holds that ended long ago."""
    db.execute("DELETE FROM local_spend WHERE until < ?", (now,))
    db.execute("DELETE FROM local_holds WHERE expire_time < ?", (now - KEEP_SECONDS,))


def _put_spend(
    db: sqlite3.Connection, source: str, account: str, amounts: Mapping[str, int], until: float
) -> None:
    db.execute("DELETE FROM local_spend WHERE source = ?", (source,))
    rows = [(source, account, unit, amount, until) for unit, amount in amounts.items() if amount]
    db.executemany(
        "INSERT INTO local_spend (source, account, unit, amount, until) VALUES (?, ?, ?, ?, ?)", rows
    )
