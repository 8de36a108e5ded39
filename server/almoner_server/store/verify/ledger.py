"""What is wrong with ids, namespaces, charges and their adjustments. A person has to decide on it."""

import asyncpg

from almoner_server.store.verify.findings import Describe, Finding, differing, found


def _id(row: asyncpg.Record) -> Finding:
    subject = f"{row['name']} {row['id']}"
    message = f"{row['namespace']}: {subject} occurs {row['count']} times"
    return Finding("duplicate_id", row["namespace"], subject, message, expected=1, actual=row["count"])


def _namespace(row: asyncpg.Record) -> Finding:
    return found(row, row["name"], f"has rows of a namespace that does not exist ({row['count']} of them)")


def _charge(row: asyncpg.Record) -> Finding:
    if row["finding"] != "net_differs":
        return found(row, str(row["id"]), _WORDS[row["finding"]])
    subject = f"charge {row['id']}"
    return differing(row, subject, "net", f"{row['unit']} comes to", "its amounts and adjustments")


_WORDS = {
    "open_but_actual": "is a charge still open although its real cost is known",
    "adjustment_without_charge": "is an adjustment of a charge that does not exist",
}
CHECKS: dict[str, Describe] = {
    "verify_ids": _id,
    "verify_namespaces": _namespace,
    "verify_charges": _charge,
}
