"""Compare every counter with the ledger, and what hangs together with what it hangs on.

Everything is read as of one moment, in which every transaction is either wholly there or not at all, so the
answer is right at any moment under any load.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from almoner_server.core.records import AccountKey
from almoner_server.core.terms import AccountKind, Period, TargetKind
from almoner_server.store.connect import Connection, Database, patience
from almoner_server.store.queries import query

VERIFY_SECONDS = 3600.0
"""How long one of the statements may take: each reads the whole ledger."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Is one thing that is wrong. `kind` names what sort, `subject` the row, `message` says it in words."""

    kind: str
    namespace: str
    subject: str
    message: str
    unit: str = ""
    period: Period | None = None
    counter: str = ""
    expected: int | None = None
    actual: int | None = None
    account: AccountKey | None = None
    """The account whose row is wrong, missing or left over: `repair` makes it anew."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Report:
    """Is the answer: what was found wrong, among how many rows, as of when."""

    findings: tuple[Finding, ...]
    accounts: int
    charges: int
    holds: int
    as_of: datetime


async def verify(database: Database) -> Report:
    """Recompute every counter of every account and follow every reference. Raises StoreUnavailable."""
    async with database.snapshot(patience(VERIFY_SECONDS)) as connection:
        totals = await connection.fetchrow(query("verify_totals"), timeout=VERIFY_SECONDS)
        assert totals is not None
        findings = [finding async for finding in _findings(connection)]
    return Report(tuple(findings), totals["accounts"], totals["charges"], totals["holds"], totals["now"])


async def _findings(connection: Connection) -> AsyncIterator[Finding]:
    for name, describe in _CHECKS.items():
        for row in await connection.fetch(query(name), timeout=VERIFY_SECONDS):
            yield describe(row)


def _counter(row: asyncpg.Record) -> Finding:
    subject = _account(row)
    where = f"{row['namespace']}: {subject}"
    period = Period(row["period"])
    numbers = (
        f"{row['counter']} {row['unit']} per {period.name} is {row['actual']}, should be {row['expected']}"
    )
    return Finding(
        kind="counter_differs" if row["has_row"] else "account_missing",
        namespace=row["namespace"],
        subject=subject,
        message=f"{where}: {numbers}" + ("" if row["has_row"] else "; there is no account row"),
        unit=row["unit"],
        period=period,
        counter=row["counter"],
        expected=row["expected"],
        actual=row["actual"],
        account=_key(row),
    )


def _open_charges(row: asyncpg.Record) -> Finding:
    subject = _account(row)
    numbers = f"{row['counter']} is {row['actual']}, should be {row['expected']}"
    return Finding(
        kind="counter_differs",
        namespace=row["namespace"],
        subject=subject,
        message=f"{row['namespace']}: {subject}: {numbers}",
        counter=row["counter"],
        expected=row["expected"],
        actual=row["actual"],
        account=_key(row),
    )


def _pool(row: asyncpg.Record) -> Finding:
    return replace(_structural(row, _account(row)), account=_key(row))


def _chat(row: asyncpg.Record) -> Finding:
    chain = " > ".join(row["chain"]) if row["chain"] else "none"
    return _structural(row, f"CHAT {row['id']}", f" (chain: {chain})")


def _hold(row: asyncpg.Record) -> Finding:
    return _structural(row, f"hold {row['id']}", f" (held: {row['held']})")


def _charge(row: asyncpg.Record) -> Finding:
    if row["finding"] != "net_differs":
        return _structural(row, str(row["id"]))
    subject = f"charge {row['id']}"
    numbers = f"{row['unit']} comes to {row['actual']}, should be {row['expected']}"
    return Finding(
        kind="net_differs",
        namespace=row["namespace"],
        subject=subject,
        message=f"{row['namespace']}: {subject}: {numbers} by its amounts and adjustments",
        unit=row["unit"],
        counter="net",
        expected=row["expected"],
        actual=row["actual"],
    )


def _expiry(row: asyncpg.Record) -> Finding:
    return _structural(row, f"hold {row['id']}", f" ({row['detail']})")


def _limit(row: asyncpg.Record) -> Finding:
    target = f"{TargetKind(row['target_kind']).name} {row['target_id']}".strip()
    subject = f"limit of {target} on {row['unit']} per {Period(row['period']).name}"
    said = "UNLIMITED" if row["said"] is None else row["said"]
    stored = "UNLIMITED" if row["stored"] is None else row["stored"]
    detail = {
        "limit_differs": f"is {stored}, should be {said} by its last change",
        "limit_without_change": f"is {stored}, but no change in its history has set it",
        "limit_missing": f"is not there, should be {said} by its last change",
    }[row["finding"]]
    return Finding(row["finding"], row["namespace"], subject, f"{row['namespace']}: {subject} {detail}")


def _id(row: asyncpg.Record) -> Finding:
    subject = f"{row['name']} {row['id']}"
    message = f"{row['namespace']}: {subject} occurs {row['count']} times"
    return Finding("duplicate_id", row["namespace"], subject, message, expected=1, actual=row["count"])


def _structural(row: asyncpg.Record, subject: str, detail: str = "") -> Finding:
    message = f"{row['namespace']}: {subject} {_WORDS[row['finding']]}{detail}"
    return Finding(row["finding"], row["namespace"], subject, message)


def _key(row: asyncpg.Record) -> AccountKey:
    return AccountKey(row["namespace"], AccountKind(row["kind"]), row["id"])


def _account(row: asyncpg.Record) -> str:
    return f"{AccountKind(row['kind']).name} {row['id']}".strip()


_WORDS = {
    "pool_without_account": "is limited but has no account row",
    "account_without_pool": "has an account row but no limit",
    "broken_chain": "has a chain that does not end in it",
    "orphan_chat": "has a chain that does not continue the one of its parent",
    "charge_in_unknown_chat": "is named by a charge but does not exist, or has another chain",
    "hold_in_unknown_chat": "is named by a hold but does not exist, or has another chain",
    "account_of_unknown_chat": "has an account row but does not exist",
    "open_hold_not_in_flight": "is open but does not count as one in flight",
    "settled_hold_holds": "is settled but still holds something",
    "open_but_actual": "is a charge still open although its real cost is known",
    "two_expiry_charges": "has expired once, but was charged for it more than once",
    "charge_of_another": "belongs to somebody else than a charge that names it",
    "adjustment_without_charge": "is an adjustment of a charge that does not exist",
}
_CHECKS: dict[str, Callable[[asyncpg.Record], Finding]] = {
    "verify_ids": _id,
    "verify_counters": _counter,
    "verify_open_charges": _open_charges,
    "verify_pools": _pool,
    "verify_chats": _chat,
    "verify_holds": _hold,
    "verify_charges": _charge,
    "verify_expiries": _expiry,
    "verify_limits": _limit,
}
