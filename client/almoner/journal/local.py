"""The local allowance: what each user holds and has spent here that the authority does not have yet.

A hold made here becomes direct charges under its ids, which occurred when it was made. What it holds counts against
the user's allowance, and so does what any direct charge in the journal has spent, until the authority has it.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from almoner.journal.entries import key
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb

FOREVER = 1e18
KEEP_SECONDS = 86_400.0
"""How long a hold is remembered after its expiry: its commit may still come, or its id be used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalHold:
    """Is an amount set aside here. Times are in seconds since 1970, by this machine's clock."""

    request: quota.CheckQuotaRequest
    """The check that asked for it."""
    totals: Mapping[str, int]
    """All it may spend."""
    booked: Mapping[str, int]
    """What its partial commits so far came to."""
    admit_time: float
    expire_time: float
    settled: bool = False
    """Whether a final commit or a release has ended it."""

    @property
    def key(self) -> str:
        """Name it among all namespaces."""
        return key(self.request.namespace, self.request.hold.id)

    @property
    def account(self) -> str:
        """Name whose allowance it takes."""
        return key(self.request.namespace, self.request.subject.user)

    @property
    def rest(self) -> dict[str, int]:
        """Give what is still set aside of its totals."""
        return {unit: max(0, total - self.booked.get(unit, 0)) for unit, total in self.totals.items()}

    def is_open(self, now: float) -> bool:
        """Tell whether it still sets anything aside."""
        return not self.settled and now < self.expire_time


@dataclass(frozen=True, slots=True)
class Shortage:
    """Says which unit of an allowance has too little left."""

    unit: str
    wanted: int
    used: int
    limit: int

    def __str__(self) -> str:
        if not self.wanted:
            return (
                f"the local allowance of amounts[{self.unit}] is used up: {self.used} not booked yet,"
                f" limit {self.limit}; asking for 0 needs room for 1, too"
            )
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
        (hold.account, unit, now, hold.key),
    )
    return int(found.fetchone()[0])


def put(db: sqlite3.Connection, hold: LocalHold) -> None:
    """Write down a hold, new or changed, and what it sets aside."""
    db.execute(
        "INSERT OR REPLACE INTO local_holds"
        " (hold, user, request, totals, booked, admit_time, expire_time, open) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hold.key,
            hold.request.subject.user,
            hold.request.SerializeToString(),
            json.dumps(dict(hold.totals)),
            json.dumps(dict(hold.booked)),
            hold.admit_time,
            hold.expire_time,
            not hold.settled,
        ),
    )
    db.execute("DELETE FROM local_spend WHERE source = ?", (hold.key,))
    if not hold.settled:
        _add_spend(db, hold.key, hold.account, hold.rest, hold.expire_time)


def find(db: sqlite3.Connection, namespace: str, hold_id: str) -> LocalHold | None:
    """Find a hold that was made here, also one that has ended."""
    row = db.execute(
        "SELECT user, request, totals, booked, admit_time, expire_time, open FROM local_holds WHERE hold = ?",
        (key(namespace, hold_id),),
    ).fetchone()
    if row is None:
        return None
    user, payload, totals, booked, admit_time, expire_time, is_open = row
    request = quota.CheckQuotaRequest.FromString(payload)
    if not payload:  # of a client of before, which kept no more than this
        request = quota.CheckQuotaRequest(
            namespace=namespace, subject=pb.Subject(user=user), hold=quota.HoldOptions(id=hold_id)
        )
    return LocalHold(
        request=request,
        totals=json.loads(totals),
        booked=json.loads(booked),
        admit_time=admit_time,
        expire_time=expire_time,
        settled=not is_open,
    )


def spend(db: sqlite3.Connection, request: quota.CommitRequest, number: int) -> None:
    """Count what a direct charge spends until the authority has its entry; a check of then could not see it."""
    account = key(request.namespace, request.subject.user)
    _add_spend(db, str(number), account, request.amounts, FOREVER)


def forget_entries(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Free the allowance that entries took: the authority counts them now."""
    db.executemany("DELETE FROM local_spend WHERE source = ?", [(str(number),) for number in numbers])


def prune(db: sqlite3.Connection, now: float) -> None:
    """Forget holds that ended long ago."""
    db.execute("DELETE FROM local_spend WHERE until < ?", (now,))
    db.execute("DELETE FROM local_holds WHERE expire_time < ?", (now - KEEP_SECONDS,))


def _add_spend(
    db: sqlite3.Connection, source: str, account: str, amounts: Mapping[str, int], until: float
) -> None:
    rows = [(source, account, unit, amount, until) for unit, amount in amounts.items() if amount]
    db.executemany(
        "INSERT INTO local_spend (source, account, unit, amount, until) VALUES (?, ?, ?, ?, ?)", rows
    )
