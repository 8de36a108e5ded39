"""What is wrong with holds, and between them and the charges that name them. A person has to decide on it."""

import asyncpg

from almoner_server.store.verify.findings import Describe, Finding, found


def _hold(row: asyncpg.Record) -> Finding:
    return found(row, f"hold {row['id']}", f"{_WORDS[row['finding']]} (held: {row['held']})")


def _expiry(row: asyncpg.Record) -> Finding:
    return found(row, f"hold {row['id']}", f"{_WORDS[row['finding']]} ({row['detail']})")


_WORDS = {
    "open_hold_not_in_flight": "is open but does not count as one in flight",
    "settled_hold_holds": "is settled but still holds something",
    "two_expiry_charges": "has expired once, but was charged for it more than once",
    "charge_of_another": "belongs to somebody else than a charge that names it",
}
CHECKS: dict[str, Describe] = {"verify_holds": _hold, "verify_expiries": _expiry}
