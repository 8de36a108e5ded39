"""Keep a PostgreSQL running on a data directory for as long as the authority runs."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from almoner_server.embedded import cluster
from almoner_server.embedded.binaries import Binaries, find_binaries
from almoner_server.embedded.dsn import dsn_for
from almoner_server.embedded.errors import EmbeddedError, StartError
from almoner_server.embedded.identity import Identity, choose_identity
from almoner_server.embedded.leftovers import clear_leftovers
from almoner_server.embedded.lock import DirectoryLock
from almoner_server.embedded.log import LogFile
from almoner_server.embedded.paths import Layout
from almoner_server.embedded.postmaster import Postmaster

logger = logging.getLogger(__name__)

LOG_CHECK_SECONDS = 30.0
MAX_ATTEMPTS = 8  # then the supervisor gives up: after about 11 s and the time the attempts take
LONGEST_PAUSE_SECONDS = 5.0


class EmbeddedPostgres:
    """Run PostgreSQL on a data directory: made on first use, restarted when it dies, stopped at the end.

        async with EmbeddedPostgres(data_dir) as pg:
            pool = await asyncpg.create_pool(pg.dsn)

    The DSN stays the same through every restart. After a crash PostgreSQL recovers all that was committed.
    """

    binaries: Binaries

    def __init__(self, data_dir: Path, *, start_seconds: float = 120.0, stop_seconds: float = 30.0) -> None:
        """Prepare, without touching the disk.

        Args:
            data_dir: where everything lives; made if it is not there.
            start_seconds: how long a start, with its crash recovery, may take.
            stop_seconds: how long a fast shutdown may take before an immediate one.

        Raises:
            DataDirError: no path is short enough for a socket.
        """
        self._layout = Layout.of(data_dir)
        self._log = LogFile(self._layout.log)
        self._start_seconds = start_seconds
        self._stop_seconds = stop_seconds
        self._lock: DirectoryLock | None = None
        self._postmaster: Postmaster | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._failure: EmbeddedError | None = None
        self.restarts = 0

    @property
    def dsn(self) -> str:
        """Return the DSN of the database `almoner`, over a Unix socket."""
        return dsn_for(self._layout.socket_dir)

    @property
    def version(self) -> str:
        """Return the version of PostgreSQL, such as "18.6"."""
        return self.binaries.version

    @property
    def pid(self) -> int | None:
        """Return the process id of PostgreSQL, None before the start and after the end."""
        return self._postmaster.pid if self._postmaster else None

    async def start(self) -> None:
        """Start PostgreSQL and wait until it accepts connections.

        Raises:
            DataDirInUseError: another supervisor runs on the data directory.
            DataDirError: this process cannot use the data directory.
            BinariesNotFoundError, VersionMismatchError: no PostgreSQL for it is installed.
            StartError: PostgreSQL did not come up.
        """
        try:
            cluster.make_root(self._layout)
            self._lock = DirectoryLock(self._layout.lock)
            major = cluster.cluster_major(self._layout)
            self.binaries = await asyncio.to_thread(find_binaries, major)
            identity = await asyncio.to_thread(choose_identity, self._layout, self.binaries)
            await asyncio.to_thread(cluster.sweep_unfinished, self._layout)
            if major is None:
                await cluster.make_cluster(self._layout, self.binaries, identity)
            postmaster = await self._run(identity)
        except BaseException:
            await self.stop()
            raise
        self._watcher = asyncio.create_task(self._watch(postmaster, identity), name="embedded-postgres")
        logger.info("%s runs as process %s in %s", self.binaries, self.pid, self._layout.root)

    async def stop(self) -> None:
        """Shut PostgreSQL down and let go of the data directory; may be called at any time, also twice."""
        if self._watcher:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
            self._watcher = None
        if self._postmaster:
            await self._postmaster.stop(self._stop_seconds)
            self._postmaster = None
        if self._lock:
            if self._layout.socket_is_elsewhere:
                with suppress(OSError):
                    self._layout.socket_dir.rmdir()
            self._lock.release()
            self._lock = None
        self._gone.set()

    async def wait_exit(self) -> None:
        """Wait until PostgreSQL is gone for good: until `stop`, not until a death that a restart answers.

        Raises:
            StartError: it died, could not be brought back, and is given up.
        """
        await self._gone.wait()
        if self._failure:
            raise self._failure

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _run(self, identity: Identity) -> Postmaster:
        """Bring PostgreSQL up once, whatever state the last run left."""
        await clear_leftovers(self._layout)
        identity.own(self._layout.cluster)
        cluster.make_socket_dir(self._layout, identity)
        self._postmaster = Postmaster.launch(self._layout, self.binaries, identity, self._log)
        try:
            await self._postmaster.wait_ready(self._start_seconds)
        except StartError:
            await self._postmaster.stop(self._stop_seconds)
            raise
        return self._postmaster

    async def _watch(self, postmaster: Postmaster, identity: Identity) -> None:
        """Restart PostgreSQL whenever it dies, until stopped or until it cannot be restarted."""
        try:
            while True:
                await self._outlive(postmaster)
                postmaster = await self._restart(identity)
        except StartError as error:
            self._failure = error
        finally:
            self._gone.set()

    async def _outlive(self, postmaster: Postmaster) -> None:
        """Keep the log short until PostgreSQL has died."""
        while (code := await postmaster.wait_exit(LOG_CHECK_SECONDS)) is None:
            self._log.rotate()
        logger.warning("PostgreSQL (process %d) has ended with %d", postmaster.pid, code)

    async def _restart(self, identity: Identity) -> Postmaster:
        """Try until PostgreSQL runs again. Raises StartError after the last attempt."""
        last: Exception | None = None
        for failures in range(MAX_ATTEMPTS):
            await asyncio.sleep(pause_after(failures))
            try:
                postmaster = await self._run(identity)
            except (EmbeddedError, OSError) as error:
                logger.warning("PostgreSQL did not come back: %s", error)
                last = error
            else:
                self.restarts += 1
                logger.warning("PostgreSQL is back as process %d", postmaster.pid)
                return postmaster
        raise StartError(
            f"PostgreSQL died, did not come back in {MAX_ATTEMPTS} attempts and is given up: {last}"
        )


def pause_after(failures: int) -> float:
    """Return the seconds to wait after so many failed starts in a row: none, then 0.1 doubling up to 5."""
    return min(LONGEST_PAUSE_SECONDS, 0.1 * 2 ** (failures - 1)) if failures else 0.0
