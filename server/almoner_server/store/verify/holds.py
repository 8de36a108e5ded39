"""What is wrong with holds, and between them and the charges that name them. Most of it a person has to decide on."""

import asyncpg

from almoner_server.store.verify.findings import Describe, Finding, differing, found


def _hold(row: asyncpg.Record) -> Finding:
    return found(row, f"hold {row['id']}", f"{_WORDS[row['finding']]} (held: {row['held']})")


def _expiry(row: asyncpg.Record) -> Finding:
    return found(row, f"hold {row['id']}", f"{_WORDS[row['finding']]} ({row['detail']})")


def _spent(row: asyncpg.Record) -> Finding:
    subject = f"hold {row['id']}"
    if row["finding"] != "spent_differs":
        return found(row, subject, _WORDS[row["finding"]])
    return differing(row, subject, "spent", f"spent {row['unit']} is", "its charges")


def _overdue(row: asyncpg.Record) -> Finding:
    return found(
        row, f"hold {row['id']}", f"is open, but its time was over at {row['expire_time'].isoformat()}"
    )


def _unlisted(row: asyncpg.Record) -> Finding:
    expire_time = row["expire_time"].isoformat()
    return found(row, f"hold {row['id']}", f"is open, but not listed among those to end at {expire_time}")


_WORDS = {
    "open_hold_not_in_flight": "is open but does not count as one in flight",
    "settled_hold_holds": "is settled but still holds something",
    "committed_without_charge": "is committed, but the charge that did it is gone",
    "expired_without_charge": "was to be charged at its expiry, but that charge is gone",
    "two_expiry_charges": "has expired once, but was charged for it more than once",
    "charge_of_another": "belongs to somebody else than a charge that names it",
}
CHECKS: dict[str, Describe] = {
    "verify_holds": _hold,
    "verify_overdue": _overdue,
    "verify_unlisted": _unlisted,
    "verify_spent": _spent,
    "verify_expiries": _expiry,
}
