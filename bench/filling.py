"""Fill a database with a year of ledger, by statements over sets: so that `almoner verify` finds nothing wrong."""

from pathlib import Path
from typing import TypeAlias

import asyncpg

SQL = Path(__file__).parent / "sql"
CHUNK = 1_000_000
"""Entries of one statement."""
PATIENCE = 3600.0
SETTINGS = "SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'; SET synchronous_commit = off"
INDEXES = """
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = 'charges' AND indexname <> 'charges_pkey'
"""
Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def fill(dsn: str, *, users: int, entries: int, limits: int) -> None:
    """Fill a migrated, empty database; `entries` is at least `users`, and `limits` at most.

    Indexes of the ledger are dropped first and made again from its rows, which takes a third of the time.
    """
    connection = await asyncpg.connect(dsn, command_timeout=PATIENCE)
    try:
        await connection.execute(SETTINGS)
        now = await connection.fetchval("SELECT almoner_now()")
        await _fill_ledger(connection, users, entries, now)
        await connection.execute(_statement("fill_holds"), now)
        await connection.execute(_statement("fill_chats"))
        await connection.execute(_statement("fill_accounts"), now)
        await connection.execute(_statement("fill_limits"), limits, users, now)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _fill_ledger(connection: Sql, users: int, entries: int, now: object) -> None:
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    for first in range(0, entries, CHUNK):
        last = min(entries, first + CHUNK)
        await connection.execute(_statement("fill_charges"), entries, users, now, first, last)
    for index in indexes:
        await connection.execute(index["definition"])


def _statement(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
