"""Connections: one pool a process, and transactions that end cleanly whatever happens to them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from almoner_server.store.errors import Conflict, translated

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

CUSTOM_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
"""SQL that plans statements for their own parameters: with optional filters they need it to use an index."""

GRACE = 2.0
"""Seconds that a client waits longer than the database's own timeout, and for a rollback."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Says how to connect. Times are in seconds.

    `pool_size` connections at most serve batches, reads and administration together. Behind pgbouncer in
    transaction mode `statement_cache_size` must be 0. `application_name` is what pg_stat_activity shows.
    """

    pool_size: int = 8
    statement_cache_size: int = 100
    application_name: str = "almoner"
    connect_timeout: float = 10.0
    statement_timeout: float = 10.0
    lock_timeout: float = 5.0


class Database:
    """Hands out transactions. Every method raises StoreUnavailable when the database cannot be reached."""

    def __init__(self, dsn: str, options: StoreOptions, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.dsn = dsn
        self.options = options
        self._pool = pool
        # Set in each transaction and not at connect: pgbouncer would not pass them on.
        self._settings = (
            "SET LOCAL jit = off; "  # compiling takes longer than any statement here runs
            f"SET LOCAL statement_timeout = {_milliseconds(options.statement_timeout)}; "
            f"SET LOCAL lock_timeout = {_milliseconds(options.lock_timeout)}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {_milliseconds(options.statement_timeout)}"
        )

    @classmethod
    async def open(cls, dsn: str, options: StoreOptions) -> Self:
        """Connect. Raises StoreUnavailable."""
        with translated():
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=options.pool_size,
                timeout=options.connect_timeout,
                command_timeout=options.statement_timeout + GRACE,
                statement_cache_size=options.statement_cache_size,
                server_settings={"application_name": options.application_name},
                reset=_nothing_to_reset,
            )
        return cls(dsn, options, pool)

    async def close(self) -> None:
        """Close every connection, those in use once they are given back, after a while in any case."""
        try:
            await asyncio.wait_for(self._pool.close(), self.options.statement_timeout)
        except TimeoutError:
            self._pool.terminate()

    async def server_version(self) -> str:
        """Return the version of PostgreSQL, such as "15.18"."""
        async with self.snapshot() as connection:
            version = connection.get_server_version()
        return f"{version.major}.{version.micro}"

    @asynccontextmanager
    async def transaction(self, first: str = "") -> AsyncIterator[Connection]:
        """Run a READ COMMITTED transaction: each statement sees what was committed before it.

        Commits at the end unless the block has rolled back; rolls back on any exception. `first` is SQL
        without parameters that travels with BEGIN.
        """
        async with self._begun("READ COMMITTED", first) as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self, first: str = "") -> AsyncIterator[Connection]:
        """Run a transaction that only reads, all of it as of one moment."""
        async with self._begun("REPEATABLE READ READ ONLY", first) as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self, mode: str, first: str) -> AsyncIterator[Connection]:
        begin = f"BEGIN ISOLATION LEVEL {mode}; {self._settings}; {first}"
        with translated():
            connection = await self._pool.acquire(timeout=self.options.connect_timeout)
            try:
                await connection.execute(begin)
                yield connection
                if connection.is_in_transaction() and await connection.execute("COMMIT") != "COMMIT":
                    raise Conflict("the transaction had failed and was rolled back")
            except asyncpg.ReadOnlySQLTransactionError:
                connection.terminate()  # no primary any more: look for the new one
                raise
            except (asyncio.CancelledError, TimeoutError):
                connection.terminate()  # asyncpg would wait for an answer first, and there may never be one
                raise
            except BaseException:
                await asyncio.shield(_abandon(connection))
                raise
            finally:
                await self._pool.release(connection)


def patience(seconds: float) -> str:
    """Return SQL that lets the statements of this transaction run longer than usual."""
    return f"SET LOCAL statement_timeout = {_milliseconds(seconds)}"


async def _abandon(connection: Connection) -> None:
    """End a failed transaction, or the connection if that cannot be done in time."""
    try:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK", timeout=GRACE)
    except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use any more
        with suppress(asyncpg.InterfaceError):  # the pool has noticed by itself
            connection.terminate()


async def _nothing_to_reset(_: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Spare each transaction the round trip of asyncpg's own reset: no session state is ever set here."""


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
