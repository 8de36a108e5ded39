"""The life of a hold made here: taken, changed, committed and given back, by the rules of docs/semantics.md, Holds.

What the authority would answer with an error is given, not raised: others share the transaction.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from almoner.errors import AlreadyExists, FailedPrecondition, RequestError
from almoner.journal.local import LocalHold, Shortage, find, put, shortage
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb


def new(request: quota.CheckQuotaRequest, now: float) -> LocalHold:
    """Make of a check what it asks to set aside; nothing is written down."""
    kept = quota.CheckQuotaRequest()
    kept.CopyFrom(request)
    kept.ClearField("wait")  # how long it would wait, and the order of groups, are no part of what it asks
    kept.subject.groups[:] = sorted(set(request.subject.groups))
    ttl = request.hold.ttl.ToTimedelta().total_seconds()
    return LocalHold(
        request=kept, totals=dict(request.amounts), booked={}, admit_time=now, expire_time=now + ttl
    )


def take(
    db: sqlite3.Connection, hold: LocalHold, allowance: Mapping[str, int]
) -> LocalHold | Shortage | RequestError:
    """Set a new hold aside. Asked for again, an open one is given as it is."""
    now = hold.admit_time
    known = find(db, hold.request.namespace, hold.request.hold.id)
    if known is not None and known.is_open(now):
        return known if known.request == hold.request else _reused(hold)
    if known is not None or _has_charge(db, hold):
        return _ended(hold.request.hold.id, "hold.id")
    short = shortage(db, hold, allowance, now)
    if short is None:
        put(db, hold)
    return short or hold


def _has_charge(db: sqlite3.Connection, hold: LocalHold) -> bool:
    """Tell whether the final charge of a hold under this id is in the journal: the authority made that one."""
    return db.execute("SELECT 1 FROM entries WHERE charge = ? LIMIT 1", (hold.key,)).fetchone() is not None


def extend(
    db: sqlite3.Connection, request: quota.ExtendRequest, allowance: Mapping[str, int], now: float
) -> LocalHold | Shortage | RequestError | None:
    """Change a hold; only what grows is decided on. None: it was not made here."""
    hold = find(db, request.namespace, request.hold_id)
    if hold is None:
        return None
    if not hold.is_open(now):
        return _ended(request.hold_id, "hold_id")
    for unit, total in request.amounts.items():
        if total < hold.booked.get(unit, 0):
            return _below_committed(unit, total, hold.booked[unit])
    changed = replace(hold, totals={**hold.totals, **request.amounts})
    if request.HasField("ttl"):
        changed = replace(changed, expire_time=now + request.ttl.ToTimedelta().total_seconds())
    grows = any(amount > hold.rest.get(unit, 0) for unit, amount in changed.rest.items())
    short = shortage(db, changed, allowance, now) if grows else None
    if short is None:
        put(db, changed)
    return short or changed


def release(db: sqlite3.Connection, namespace: str, hold_id: str) -> LocalHold | None:
    """Give back what a hold sets aside. It stays known: its commit may still come. None: it was not made here."""
    hold = find(db, namespace, hold_id)
    if hold is not None:
        hold = replace(hold, settled=True)
        put(db, hold)
    return hold


def commit(db: sqlite3.Connection, hold: LocalHold, spent: Mapping[str, int], *, final: bool) -> None:
    """Take off a hold what a commit on it spends: that counts by itself from now on."""
    booked = {unit: hold.booked.get(unit, 0) + spent.get(unit, 0) for unit in {*hold.booked, *spent}}
    put(db, replace(hold, settled=True) if final else replace(hold, booked=booked))


def make_direct(request: quota.CommitRequest, hold: LocalHold) -> None:
    """Make the direct charge of a commit on a hold that the authority does not know; when is said by others."""
    _name_spender(request, hold.request)
    if request.settlement == pb.SETTLEMENT_ESTIMATE and not request.amounts:
        request.amounts.update(hold.rest)
        if not request.amounts:  # of a hold of nothing: without a hold, an estimate needs an amount
            request.settlement = pb.SETTLEMENT_UNPRICED
    request.charge_id = request.charge_id or hold.request.hold.id
    request.hold_id = ""
    request.partial = False
    request.ClearField("occurred_at")  # which no commit on a hold may say: it counts when that was made


def _name_spender(request: quota.CommitRequest, check: quota.CheckQuotaRequest) -> None:
    """Name whom the hold was made for. A commit that names somebody else means that."""
    if request.subject.user in ("", check.subject.user):
        request.subject.CopyFrom(check.subject)
    if check.HasField("chat") and request.chat.id in ("", check.chat.id):
        request.chat.CopyFrom(check.chat)


def _ended(hold_id: str, field: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"{field}: hold {hold_id} has ended",
        reason="HOLD_SETTLED",
        metadata={"field": field, "value": hold_id},
    )


def _reused(hold: LocalHold) -> AlreadyExists:
    value = hold.request.hold.id
    return AlreadyExists(
        f"hold.id {value} was used before with other content",
        reason="ID_REUSED",
        metadata={"field": "hold.id", "value": value},
    )


def _below_committed(unit: str, total: int, committed: int) -> FailedPrecondition:
    field = f"amounts[{unit}]"
    return FailedPrecondition(
        f"{field}: {total} is below the {committed} already committed on the hold",
        reason="BELOW_COMMITTED",
        metadata={"field": field, "value": str(total), "limit": str(committed)},
    )
