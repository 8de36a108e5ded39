"""Bring a database to this version's schema: plain SQL files, in order, each in a transaction of its own.

The lock comes first, then the table that keeps the books. It is polled for, since a session that waits inside
a statement would hold up a CREATE INDEX CONCURRENTLY of the one that migrates.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

from almoner_server.store.errors import SchemaMismatch, StoreUnavailable, translated
from almoner_server.store.queries import query
from almoner_server.store.seams import MIGRATION_LOCK
from almoner_server.store.sessions import StoreOptions

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_POSTGRES = 15
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 300.0
"""How long one process waits for another one's migration."""


@dataclass(frozen=True, slots=True)
class Migration:
    """Is one file. `name` is its name without `.sql` and begins with its number."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return what tells whether the file has changed since it was applied."""
        return sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return all migrations, in order. Their numbers are 1, 2, 3, ..."""
    found = [
        Migration(path.stem, path.read_text(encoding="utf-8")) for path in sorted(MIGRATIONS.glob("*.sql"))
    ]
    for number, migration in enumerate(found, start=1):
        assert re.fullmatch(rf"{number:04}_[a-z0-9_]+", migration.name), migration.name
    return found


async def migrate(dsn: str, options: StoreOptions) -> list[str]:
    """Apply what is missing and return the names of it. Safe to run from several processes at once.

    Raises:
        SchemaMismatch: the database is older than PostgreSQL 15, has been migrated by a later version, or by
        files that differ from these. StoreUnavailable: the database cannot be reached, or another process has
        been migrating for 5 minutes.
    """
    async with _connected(dsn, options) as connection:
        _require_version(connection)
        await _lock(connection)
        await connection.execute(query("create_schema_migrations"))
        missing = _missing(await _applied(connection))
        for migration in missing:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(query("record_migration"), migration.name, migration.checksum)
        return [migration.name for migration in missing]


async def check_schema(dsn: str, options: StoreOptions) -> None:
    """Make sure that the schema is exactly the one of this version.

    Raises:
        SchemaMismatch: it is not; the message says what to do.
        StoreUnavailable: the database cannot be reached.
    """
    async with _connected(dsn, options) as connection:
        _require_version(connection)
        try:
            applied = await _applied(connection)
        except asyncpg.UndefinedTableError:
            applied = {}
        missing = _missing(applied)
    if missing:
        names = ", ".join(migration.name for migration in missing)
        raise SchemaMismatch(
            f"the database lacks {names}: run `almoner migrate`, or serve with --auto-migrate"
        )


@asynccontextmanager
async def _connected(dsn: str, options: StoreOptions) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Connect without the timeouts of calls: a migration may take long. The lock ends with the connection."""
    with translated():
        connection = await asyncpg.connect(
            dsn,
            timeout=options.connect_timeout,
            statement_cache_size=0,
            server_settings={"application_name": f"{options.application_name} migrate"},
        )
        try:
            yield connection
        finally:
            await connection.close()


async def _lock(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for _ in range(round(PATIENCE_SECONDS / POLL_SECONDS)):
        if await connection.fetchval(query("try_migration_lock"), MIGRATION_LOCK):
            return
        await asyncio.sleep(POLL_SECONDS)
    raise StoreUnavailable(f"another process has been migrating for {PATIENCE_SECONDS:.0f} s")


async def _applied(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str]:
    return {row["name"]: row["checksum"] for row in await connection.fetch(query("applied_migrations"))}


def _missing(applied: dict[str, str]) -> list[Migration]:
    """Return what is to be applied. Raises SchemaMismatch if something else has been."""
    known = migrations()
    unknown = sorted(applied.keys() - {migration.name for migration in known})
    if unknown:
        raise SchemaMismatch(
            f"the database has been migrated by a later version of Almoner ({', '.join(unknown)}); "
            f"this one knows up to {known[-1].name}. Upgrade this server"
        )
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise SchemaMismatch(
                f"{migration.name} was applied from a file that differs from the one of this version"
            )
    return [migration for migration in known if migration.name not in applied]


def _require_version(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_POSTGRES:
        raise SchemaMismatch(
            f"PostgreSQL {version.major}.{version.micro} is too old: {OLDEST_POSTGRES} is needed"
        )
