"""What is wrong between limits and the history of their changes. A person has to decide on it."""

import asyncpg

from almoner_server.core.terms import Period, TargetKind
from almoner_server.store.verify.findings import Describe, Finding, found


def _limit(row: asyncpg.Record) -> Finding:
    target = f"{TargetKind(row['target_kind']).name} {row['target_id']}".strip()
    subject = f"limit of {target} on {row['unit']} per {Period(row['period']).name}"
    said = "UNLIMITED" if row["said"] is None else row["said"]
    stored = "UNLIMITED" if row["stored"] is None else row["stored"]
    words = {
        "limit_differs": f"is {stored}, should be {said} by its last change",
        "limit_without_change": f"is {stored}, but no change in its history has set it",
        "limit_missing": f"is not there, should be {said} by its last change",
    }[row["finding"]]
    return found(row, subject, words)


CHECKS: dict[str, Describe] = {"verify_limits": _limit}
