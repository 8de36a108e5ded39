"""The composition root: knows everyone, and nobody knows it."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from almoner_server.config import Config, ConfigError, place_of
from almoner_server.embedded import EmbeddedPostgres
from almoner_server.engine import Engine, EngineOptions
from almoner_server.loops import running
from almoner_server.observe.report import NobodyWatches
from almoner_server.observe.setup import Observation
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.server import Server, ServerOptions
from almoner_server.store import Store, StoreOptions, StoreUnavailable

logger = logging.getLogger(__name__)

MIB = 1 << 20
SPARE_CONNECTIONS = 4
"""Connections for reads and administration, besides one for each lane."""
RECONNECT_SECONDS = 0.5
IMPATIENT_SECONDS = 0.5
"""How long a call is retried where checks are allowed while the store is away: nobody is to wait for that."""


async def open_store(dsn: str, options: StoreOptions | None = None) -> Store:
    """Connect to a database. Raises ConfigError if the DSN is none, StoreUnavailable, which says where it is."""
    try:
        return await Store.open(dsn, options)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} (PostgreSQL at {place_of(dsn)})") from error
    except ValueError as error:
        raise ConfigError(f"--database-url is no DSN of a PostgreSQL: {error}") from error


class Authority:
    """Is one server process's worth of the authority: database, store, engine, loops and wire.

        async with Authority(config) as authority:
            print(authority.address)
            await authority.ended()

    Entering raises ListenError, EmbeddedError, SchemaMismatch; a StoreUnavailable only for the embedded
    database: one that was given may come later, and is tried until it does.
    """

    def __init__(
        self, config: Config, observation: Observation | None = None, *, shared_port: bool = False
    ) -> None:
        self._config = config
        self._observation = observation or Observation()
        self._backend = Backend()
        allow = config.on_store_failure == "allow"
        max_memory = config.max_memory * MIB or sys.maxsize
        options = ServerOptions(allow, config.test_clock, shared_port, max_memory=max_memory)
        watcher = self._observation.watcher or NobodyWatches()
        self._server = Server(self._backend, watcher, options)
        self._engine: Engine | None = None
        self._loops = AsyncExitStack()
        self._resources = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.address = ""
        """Where it listens; with port 0, the port that was free."""
        self.database = ""
        """What it works on, in words."""

    async def __aenter__(self) -> Self:
        try:
            self.address = self._server.listen(self._config.listen)
            await self._reach(await self._database())
            await self._server.start()
        except BaseException:
            await self.stop()
            raise
        if self._config.test_clock:
            logger.warning("ANYBODY MAY SET THE CLOCK (--test-clock): this is for tests, not for production")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def ended(self) -> None:
        """Wait until the authority cannot go on by itself. Raises what the reason is."""
        await self._over

    async def stop(self) -> None:
        """Refuse what is new, finish what was taken within the grace, and let go of everything."""
        await self._server.refuse()
        answered = asyncio.create_task(self._server.stop(self._config.grace))
        for task in self._tasks:
            task.cancel()
        await self._loops.aclose()
        if self._engine is not None:
            await asyncio.wait([asyncio.create_task(self._engine.drain())], timeout=self._config.grace)
        await answered
        await self._resources.aclose()
        self._over.cancel()

    async def _database(self) -> str:
        """Return the DSN of the database; runs the embedded one if none was given."""
        if self._config.database_url is not None:
            self.database = "the PostgreSQL that was given"
            return self._config.database_url
        postgres = EmbeddedPostgres(self._config.data_dir)
        await self._resources.enter_async_context(postgres)
        self.database = f"PostgreSQL {postgres.version} in {self._config.data_dir}"
        self._spawn(postgres.wait_exit())
        return postgres.dsn

    async def _reach(self, dsn: str) -> None:
        """Connect now or, if the database that was given is away, as soon as it is there."""
        try:
            await self._connect(dsn)
        except StoreUnavailable as error:
            if self._config.embedded:
                raise
            logger.warning("the database cannot be reached, and will be tried again: %s", error)
            self._spawn(self._reach_later(dsn))

    async def _reach_later(self, dsn: str) -> None:
        while self._engine is None:
            await asyncio.sleep(RECONNECT_SECONDS)
            try:
                await self._connect(dsn)
            except StoreUnavailable as error:
                logger.debug("the database still cannot be reached: %s", error)
        logger.warning("the database is reached now")
        await self._server.refresh_health()

    async def _connect(self, dsn: str) -> None:
        async with AsyncExitStack() as undo:
            store = await open_store(dsn, self._store_options())
            undo.push_async_callback(store.close)
            if not self._config.migrates:
                await store.check_schema()
            elif applied := await store.migrate():
                logger.info("migrated the database: %s", ", ".join(applied))
            engine = Engine(store, self._engine_options(), self._observation.watcher)
            engine.start()
            undo.push_async_callback(engine.close)
            self._resources.push_async_exit(undo.pop_all())
        self._engine = engine
        await self._loops.enter_async_context(running(store, engine, self._observation.expired))
        self._backend.connect(store, engine)
        self._observation.show_engine(queued=lambda: engine.queued, waiting=lambda: engine.waiting)

    def _store_options(self) -> StoreOptions:
        return StoreOptions(
            pool_size=self._config.lanes + SPARE_CONNECTIONS,
            statement_cache_size=self._config.statement_cache_size,
        )

    def _engine_options(self) -> EngineOptions:
        options = EngineOptions(lanes=self._config.lanes)
        impatient = self._config.on_store_failure == "allow"
        return replace(options, retry_seconds=IMPATIENT_SECONDS) if impatient else options

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside; if it fails, the authority is over."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._note_failure)
        self._tasks.append(task)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._over.done():
            return
        error = task.exception()
        if error is not None:
            self._over.set_exception(error)
