"""Run the server program of PostgreSQL once, from its start to its end."""

import asyncio
import logging
import os
import signal
import time
from pathlib import Path

import asyncpg

from almoner_server.embedded.binaries import Binaries
from almoner_server.embedded.child import Child
from almoner_server.embedded.cluster import clean_environment
from almoner_server.embedded.dsn import DATABASE, dsn_for
from almoner_server.embedded.errors import StartError
from almoner_server.embedded.identity import Identity
from almoner_server.embedded.log import LogFile
from almoner_server.embedded.paths import PORT, Layout

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.02
QUIT_SECONDS = 5.0  # for an immediate shutdown
# On the command line, where no configuration file can undo them.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "cluster_name": "almoner",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "jit": "off",  # short statements only
}


class Postmaster:
    """Be one run of PostgreSQL. Ends once; a restart is another Postmaster."""

    def __init__(self, process: Child, layout: Layout, log: LogFile) -> None:
        self._process = process
        self._layout = layout
        self._log = log
        self._ended = asyncio.ensure_future(process.wait())

    @classmethod
    def launch(cls, layout: Layout, binaries: Binaries, identity: Identity, log: LogFile) -> "Postmaster":
        """Start PostgreSQL as a child of this process. It is not ready yet when this returns.

        On Linux the kernel stops the child when the thread that runs this event loop is gone.
        """
        program = identity.command(
            layout.root, binaries.postgres, "-D", layout.cluster, *_options(layout.socket_dir)
        )
        output = log.open_for_writing()
        try:
            process = Child(program, output, clean_environment())
        finally:
            os.close(output)
        return cls(process, layout, log)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    async def wait_ready(self, timeout_seconds: float) -> None:
        """Wait until the database accepts connections; a crash recovery has to fit into the time given.

        Raises:
            StartError: PostgreSQL ended, or the time is over; with the last lines of its log.
        """
        deadline = time.monotonic() + timeout_seconds
        while not await self._accepts():
            if self._process.returncode is not None:
                raise StartError(self._failure(f"ended with {self._process.returncode}"))
            if time.monotonic() > deadline:
                raise StartError(self._failure(f"accepted no connection within {timeout_seconds:g} s"))
            await self.wait_exit(POLL_SECONDS)

    async def wait_exit(self, timeout_seconds: float | None = None) -> int | None:
        """Wait for its end or that long; returns the exit code (negative: a signal), None while it runs."""
        await asyncio.wait({self._ended}, timeout=timeout_seconds)
        return self._process.returncode

    async def stop(self, timeout_seconds: float) -> None:
        """End it: a fast shutdown, after that time an immediate one, then by force. None loses a commit."""
        for number, patience in (
            (signal.SIGINT, timeout_seconds),
            (signal.SIGQUIT, QUIT_SECONDS),
            (signal.SIGKILL, None),
        ):
            self._process.send_signal(number)
            if await self.wait_exit(patience) is not None:
                return
            logger.warning(
                "PostgreSQL (process %d) did not end by %s within %g s", self.pid, number.name, patience
            )

    async def _accepts(self) -> bool:
        try:
            connection = await asyncpg.connect(dsn_for(self._layout.socket_dir), timeout=5)
        except asyncpg.InvalidCatalogNameError:
            await self._create_database()
            return False
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            return False  # not yet; why not is in the log
        await connection.close()
        return True

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(dsn_for(self._layout.socket_dir, "postgres"), timeout=5)
        try:
            await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()

    def _failure(self, what: str) -> str:
        log = f"its log, {self._log.path}, ends with\n{self._log.tail()}"
        return f"PostgreSQL in {self._layout.cluster} {what}; {log}"


def _options(socket_dir: Path) -> list[str]:
    quoted = str(socket_dir).replace('"', '""')
    settings = SETTINGS | {"unix_socket_directories": f'"{quoted}"'}
    return [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
