"""What every section stands on: one PostgreSQL for all that is compared, and processes that make the load."""

import asyncio
import multiprocessing
import shutil
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
from almoner_server.embedded import EmbeddedPostgres

from bench import servers
from bench.audit import opened, set_limits
from bench.cpu import seconds_of_tree
from bench.load.batches import Lifecycles
from bench.load.job import Job, Outcome, Window, run_job
from bench.load.over_grpc import OverGrpc
from bench.scale import Scale
from bench.traffic import Traffic

PROCESSES = 4
"""Processes that make load. Those without a job sleep."""


class Stage:
    """Holds what the sections of one run share."""

    def __init__(self, postgres: EmbeddedPostgres, data_dir: Path, scale: Scale) -> None:
        self.postgres = postgres
        self.data_dir = data_dir
        self.scale = scale
        self._numbers = count(1)
        self._answers = (b"", b"")
        self._load = ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"))

    async def warmed(self, dsn: str, server: servers.Server, traffic: Traffic) -> int:
        """Have every spender spend twice, so that all accounts exist and all statements are prepared.

        Returns how many commits that took.
        """
        opening = OverGrpc(server.address, traffic)
        outcome = await self.run(Lifecycles(opening, 2 * traffic.users))
        await _analyze(dsn)
        return outcome.booked

    async def run(self, job: Job) -> Outcome:
        """Have a job done in a process of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._load, run_job, job)

    def window(self, seconds: float | None = None) -> Window:
        """Measure from the end of the warm-up on, in every process at the same time."""
        begin = time.monotonic() + self.scale.warm_up
        return Window(begin, begin + (seconds or self.scale.seconds))

    async def prepare(self) -> None:
        """Start the processes that make load, before anything is measured, and see what Almoner answers."""
        await asyncio.gather(*(self.run(Job()) for _ in range(PROCESSES)))
        async with servers.almoner(await self.database()) as server:
            self._answers = await servers.real_answers(server.address)

    def noop(self) -> AbstractAsyncContextManager[servers.Server]:
        """Run the server that does nothing while the block runs."""
        return servers.noop(self._answers)

    def close(self) -> None:
        """End the processes that make load."""
        self._load.shutdown(cancel_futures=True)

    def postgres_seconds(self) -> float:
        """Return the CPU that PostgreSQL has used so far."""
        assert self.postgres.pid is not None
        return seconds_of_tree(self.postgres.pid)

    async def empty_database(self) -> str:
        """Create a database with nothing in it; returns its DSN."""
        name = f"bench_{next(self._numbers)}"
        connection = await asyncpg.connect(self.postgres.dsn)
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return self.postgres.dsn.replace("/almoner?", f"/{name}?")

    async def database(self) -> str:
        """Create a database with Almoner's schema, and limits that every call has to pass."""
        dsn = await self.empty_database()
        async with opened(dsn) as store:
            await store.migrate()
            await set_limits(store)
        return dsn


@asynccontextmanager
async def staged(data_dir: Path, scale: Scale) -> AsyncIterator[Stage]:
    """Run a PostgreSQL with Almoner's usual settings, fsync and synchronous commit on, in a new directory."""
    shutil.rmtree(data_dir, ignore_errors=True)
    try:
        async with EmbeddedPostgres(data_dir) as postgres:
            stage = Stage(postgres, data_dir, scale)
            try:
                await stage.prepare()
                yield stage
            finally:
                stage.close()
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


async def _analyze(dsn: str) -> None:
    """Do what autovacuum would do a minute later, in the middle of a measurement."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
