"""Connections: one pool a process, and transactions that end cleanly whatever happens to them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Self, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from almoner_server.store.errors import Conflict, translated
from almoner_server.store.queries import query
from almoner_server.store.sessions import Newcomers, StoreOptions, keeps_sessions, nothing_to_reset, settings

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

FIRST_RENEWAL = 16
"""Uses of a connection after which its plans are made again, for the first time."""

GRACE = 2.0
"""Seconds that a client waits longer than the database's own timeout, and for a rollback."""


class Database:
    """Hands out transactions. Every method raises StoreUnavailable when the database cannot be reached."""

    def __init__(
        self, dsn: str, options: StoreOptions, pool: "asyncpg.Pool[asyncpg.Record]", newcomers: Newcomers
    ) -> None:
        self.dsn = dsn
        self.options = options
        self._pool = pool
        self._newcomers = newcomers
        # Between its uses a connection is kept here: the pool would make a task for giving it out and one for taking it
        # back, which costs as much as a statement.
        self._at_hand: list[Connection] = []
        self._uses: Counter[int] = Counter()
        self._wanting = 0
        self._closing = False
        self._used: dict[Connection, float] = {}
        """The connections in use, and since when."""
        self._settings = "" if keeps_sessions(options) else settings(options, "SET LOCAL")

    @classmethod
    async def open(cls, dsn: str, options: StoreOptions) -> Self:
        """Connect. Raises StoreUnavailable."""
        newcomers = Newcomers(options)
        with translated():
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=options.pool_size,
                timeout=options.connect_timeout,
                command_timeout=options.statement_timeout + GRACE,
                statement_cache_size=options.statement_cache_size,
                server_settings={"application_name": options.application_name},
                init=newcomers,
                reset=nothing_to_reset,
            )
        return cls(dsn, options, pool, newcomers)

    @property
    def connections_made(self) -> int:
        """Count the connections made so far: another one may lead to another server."""
        return self._newcomers.count

    @property
    def keeps_sessions(self) -> bool:
        """Tell whether a connection leads to one session for as long as it lives, as it does not behind pgbouncer."""
        return keeps_sessions(self.options)

    async def close(self) -> None:
        """Close every connection, those in use once they are given back, after a while in any case."""
        self._closing = True
        while self._at_hand:
            await self._pool.release(self._at_hand.pop())
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
    async def transaction(self) -> AsyncIterator[Connection]:
        """Run a READ COMMITTED transaction: each statement sees what was committed before it.

        Commits at the end unless the block has rolled back; rolls back on any exception.
        """
        async with self._begun("READ COMMITTED", "") as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self, first: str = "") -> AsyncIterator[Connection]:
        """Run a transaction that only reads, all of it as of one moment.

        `first` is SQL without parameters that travels with BEGIN.
        """
        async with self._begun("REPEATABLE READ READ ONLY", first) as connection:
            yield connection

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[Connection]:
        """Give a connection for statements that are each a transaction of their own, READ COMMITTED.

        That spares the two round trips of BEGIN and COMMIT.
        """
        if self._settings:
            async with self.transaction() as connection:
                yield connection
        else:
            async with self._acquired() as connection:
                await self._renew_plans(connection)
                yield connection

    async def _renew_plans(self, connection: Connection) -> None:
        """Have plans made again after 16, 32, 64, ... uses: those made on an empty table are bad for a full one.

        On an empty table every index looks as good as the key, and PostgreSQL keeps a plan until the next ANALYZE.
        """
        session = connection.get_server_pid()
        self._uses[session] += 1
        uses = self._uses[session]
        if uses >= FIRST_RENEWAL and uses.bit_count() == 1:
            await connection.execute("DISCARD PLANS")

    @asynccontextmanager
    async def _begun(self, mode: str, first: str) -> AsyncIterator[Connection]:
        async with self._acquired() as connection:
            await connection.execute(f"BEGIN ISOLATION LEVEL {mode}; {self._settings}; {first}")
            yield connection
            if connection.is_in_transaction() and await connection.execute("COMMIT") != "COMMIT":
                raise Conflict("the transaction had failed and was rolled back")

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        with translated():
            connection = await self._take()
            self._used[connection] = time.monotonic()
            try:
                yield connection
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
                del self._used[connection]
                await self._give_back(connection)

    async def _take(self) -> Connection:
        """Take a connection at hand, else one from the pool."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if not _is_lost(connection):
                return connection
        self._wanting += 1
        try:
            return await self._pool.acquire(timeout=self.options.connect_timeout)
        finally:
            self._wanting -= 1

    async def _give_back(self, connection: Connection) -> None:
        """Keep a connection at hand, unless it is broken or somebody waits for it at the pool."""
        if self._wanting or self._closing or _is_lost(connection):
            await self._pool.release(connection)
        else:
            self._at_hand.append(connection)

    async def end_unheard(self, seconds: float) -> int:
        """End connections on which both sides have waited that long for each other; returns how many.

        Something between has swallowed a message, and nobody would ever hear of it. Who used one gets
        StoreUnavailable.
        """
        before = time.monotonic() - seconds
        waiting = [link for link, since in self._used.items() if since < before and not _is_lost(link)]
        used = {link.get_server_pid(): link for link in waiting}
        if not used or not self.keeps_sessions:  # of a pooler's sessions we do not know the processes
            return 0
        async with self.statements() as connection:
            name, span = self.options.application_name, timedelta(seconds=seconds)
            rows = await connection.fetch(query("end_unheard"), list(used), name, span)
        for row in rows:
            with suppress(asyncpg.InterfaceError):  # given back meanwhile
                used[row["pid"]].terminate()
        return len(rows)


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has noticed, and taken it back
        return True


async def _abandon(connection: Connection) -> None:
    """End a failed transaction, or the connection if that cannot be done in time."""
    try:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK", timeout=GRACE)
    except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use any more
        with suppress(asyncpg.InterfaceError):  # the pool has noticed by itself
            connection.terminate()
