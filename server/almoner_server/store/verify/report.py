"""Run every check and collect what they find.

Everything is read as of one moment, in which every transaction is either wholly there or not at all, so the
answer is right at any moment under any load.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from almoner_server.store.connect import Connection, Database
from almoner_server.store.queries import query
from almoner_server.store.sessions import patience
from almoner_server.store.verify import accounts, chats, holds, ledger, limits
from almoner_server.store.verify.findings import Finding

VERIFY_SECONDS = 3600.0
"""How long one of the statements may take: each reads the whole ledger."""
CHECKS = ledger.CHECKS | accounts.CHECKS | chats.CHECKS | holds.CHECKS | limits.CHECKS
"""Statements that return what is wrong, and who puts their rows into words."""


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
    for name, describe in CHECKS.items():
        for row in await connection.fetch(query(name), timeout=VERIFY_SECONDS):
            yield describe(row)
