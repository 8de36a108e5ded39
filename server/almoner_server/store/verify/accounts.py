"""What is wrong with accounts. Their rows only sum up the ledger and the holds, so all of it can be repaired."""

import asyncpg

from almoner_server.core.records import AccountKey
from almoner_server.core.terms import AccountKind, Period
from almoner_server.store.verify.findings import Describe, Finding, found


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


def _day(row: asyncpg.Record) -> Finding:
    subject = _account(row)
    words = f"day is {row['actual']}, should be {row['expected']}: {_DAYS[row['finding']]}"
    return Finding(
        kind=row["finding"],
        namespace=row["namespace"],
        subject=subject,
        message=f"{row['namespace']}: {subject}: {words}",
        counter="day",
        account=_key(row),
    )


def _pool(row: asyncpg.Record) -> Finding:
    return found(row, _account(row), _POOLS[row["finding"]], _key(row))


def _key(row: asyncpg.Record) -> AccountKey:
    return AccountKey(row["namespace"], AccountKind(row["kind"]), row["id"])


def _account(row: asyncpg.Record) -> str:
    return f"{AccountKind(row['kind']).name} {row['id']}".strip()


_DAYS = {
    "day_ahead": "nothing has happened later",
    "day_behind": "it has an entry of then",
}
_POOLS = {
    "pool_without_account": "is limited but has no account row",
    "account_without_pool": "has an account row but no limit",
}
CHECKS: dict[str, Describe] = {
    "verify_counters": _counter,
    "verify_open_charges": _open_charges,
    "verify_days": _day,
    "verify_pools": _pool,
}
