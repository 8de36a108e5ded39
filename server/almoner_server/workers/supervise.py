"""What the supervisor does, from the first thing to the last: port, database, workers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from almoner_server.config import Config
from almoner_server.embedded import EmbeddedPostgres
from almoner_server.workers.crew import Crew
from almoner_server.workers.orders import Orders
from almoner_server.workers.port import reserved


@dataclass(frozen=True, slots=True)
class Serving:
    """Tells what is served: where, on which database in words, and by which processes."""

    address: str
    database: str
    pids: list[int]


async def supervise(config: Config, announce: Callable[[Serving], None]) -> None:
    """Run `config.workers` workers until cancelled; then drain them.

    Raises:
        ListenError: the address is not to be had.
        ConfigError: a setting does not go with several workers.
        EmbeddedError: the PostgreSQL of our own does not run.
        WorkersFailed: no worker can serve with these settings, one dies at every start, or did not end in time.
    """
    with reserved(config.listen) as address:
        async with _database(config) as (dsn, words, gone):
            # Whoever comes first migrates an embedded database; a lock lets the others find it done.
            settings = replace(config, listen=address, database_url=dsn, auto_migrate=config.migrates)
            crew = Crew([Orders.of(settings, 1 + n) for n in range(config.workers)], config.grace)
            try:
                await crew.start()
                announce(Serving(address, words, crew.pids))
                await _first_of(crew.ended(), gone())
            finally:
                await crew.stop()


@asynccontextmanager
async def _database(config: Config) -> AsyncIterator[tuple[str, str, Callable[[], Awaitable[None]]]]:
    """Give the DSN of the database, what it is in words, and what to wait for: that it is gone for good."""
    loop = asyncio.get_running_loop()
    if config.database_url is not None:
        yield config.database_url, "the PostgreSQL that was given", loop.create_future
        return
    async with EmbeddedPostgres(config.data_dir) as postgres:
        words = f"PostgreSQL {postgres.version} in {config.data_dir}"
        yield postgres.dsn, words, postgres.wait_exit


async def _first_of(*waits: Awaitable[None]) -> None:
    """Wait for what comes first; raises what it raises."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
