"""PostgreSQL clusters that a fault needs for itself: durable, with a standby, on a disk that can fill up."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
from almoner_server.embedded import Binaries, find_binaries
from almoner_server.embedded.cluster import clean_environment
from almoner_server.embedded.identity import choose_identity
from almoner_server.embedded.paths import Layout

from tests.faults.service import free_address
from tests.support.postgres import system_binaries

START_SECONDS = 60.0
NOT_YET = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def binaries_with(program: str) -> Binaries | None:
    """Return the embedded PostgreSQL or, if it lacks a program, the system's; None if both do."""
    for found in (find_binaries(), system_binaries()):
        if found is not None and (found.directory / program).exists():
            return found
    return None


class Cluster:
    """Is one PostgreSQL server that listens on a TCP port, as one on another machine would."""

    def __init__(self, root: Path, binaries: Binaries) -> None:
        root.mkdir()
        root.chmod(0o711)
        self.binaries = binaries
        self._layout = Layout(root, root)
        self._identity = choose_identity(self._layout, binaries)
        self._process: subprocess.Popen[bytes] | None = None
        self.address = free_address()

    @property
    def dsn(self) -> str:
        """Return the DSN of its database `postgres`."""
        return f"postgresql://postgres@{self.address}/postgres"

    def make(self) -> None:
        """Run initdb."""
        options = ("--username=postgres", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync")
        self._run("initdb", f"--pgdata={self._own_folder()}", *options, "--no-instructions")

    def copy(self, primary: "Cluster") -> None:
        """Become a standby of another cluster."""
        self._run(
            "pg_basebackup", f"--pgdata={self._own_folder()}", f"--dbname={primary.dsn}", "-R", "-X", "stream"
        )

    def start(self, **settings: str) -> None:
        """Start it; does not wait until it is ready."""
        host, _, port = self.address.rpartition(":")
        given = {"listen_addresses": host, "port": port, "unix_socket_directories": "", **settings}
        options = [f"-c{name}={value}" for name, value in given.items()]
        command = self._identity.command(
            self._layout.root, self.binaries.postgres, "-D", self._layout.cluster, *options
        )
        with (self._layout.root / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=clean_environment())

    async def execute(self, statement: str) -> object:
        """Run a statement as soon as that is possible; returns the first value."""
        connection = await self._connected()
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def _connected(self) -> "asyncpg.Connection[asyncpg.Record]":
        async with asyncio.timeout(START_SECONDS):
            while True:
                with suppress(*NOT_YET):
                    return await asyncpg.connect(self.dsn, timeout=5)
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Kill it as the loss of its machine would: all of its processes at once, and for good."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Shut it down, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_SECONDS)

    def _own_folder(self) -> Path:
        self._layout.cluster.mkdir(mode=0o700)
        self._identity.own(self._layout.cluster)
        return self._layout.cluster

    def _run(self, program: str, *options: str) -> None:
        command = self._identity.command(self._layout.root, self.binaries.directory / program, *options)
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a file system of its own, in memory, that can fill up. Raises PermissionError where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        raise PermissionError("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left on a file system, and return the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        while left := shutil.disk_usage(disk).free:
            with suppress(OSError):  # PostgreSQL, which writes there too, has taken some of it meanwhile
                os.posix_fallocate(file.fileno(), filler.stat().st_size, left)
    return filler
