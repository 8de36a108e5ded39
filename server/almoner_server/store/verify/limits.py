"""What is wrong between limits and the history of their changes. A person has to decide on it."""

from datetime import datetime

import asyncpg

from almoner_server.core.terms import Period, TargetKind
from almoner_server.store.verify.findings import Describe, Finding, found


def _limit(row: asyncpg.Record) -> Finding:
    target = f"{TargetKind(row['target_kind']).name} {row['target_id']}".strip()
    subject = f"limit of {target} on {row['unit']} per {Period(row['period']).name}"
    stored = _value(row["stored"], row["stored_expire_time"])
    said = _value(row["said"], row["said_expire_time"])
    words = {
        "limit_differs": f"is {stored}, should be {said} by its last change",
        "limit_without_change": f"is {stored}, but no change in its history has set it",
        "limit_missing": f"is not there, should be {said} by its last change",
    }[row["finding"]]
    return found(row, subject, words)


def _value(amount: int | None, expire_time: datetime | None) -> str:
    words = "UNLIMITED" if amount is None else str(amount)
    return words if expire_time is None else f"{words} until {expire_time.isoformat()}"


CHECKS: dict[str, Describe] = {"verify_limits": _limit}
