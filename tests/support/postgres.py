"""A PostgreSQL server for a test session: real, of its own, gone at the end.

The authority's own supervisor is not used here, so that a bug of it does not look like one of the store.
Durability is switched off: nothing here survives the session anyway.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
from almoner_server.embedded import Binaries, find_binaries
from almoner_server.embedded.cluster import clean_environment
from almoner_server.embedded.identity import Identity, choose_identity
from almoner_server.embedded.paths import PORT, Layout
from almoner_server.store.migrate import migrate
from almoner_server.store.sessions import StoreOptions

SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
TEMPLATE = "migrated"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "Pacific/Apia",  # far from UTC: nothing may depend on the database's own zone
    "deadlock_timeout": "100ms",
}


def system_binaries() -> Binaries | None:
    """Return the newest PostgreSQL that the machine itself has, None if it has none that is 15 or later."""
    found = sorted(SYSTEM_FOLDERS.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in found:
        if (folder / "postgres").exists() and int(folder.parent.name) >= 15:
            return Binaries(folder, folder.parent.name, "system")
    return None


class Postgres:
    """Runs one PostgreSQL server; makes databases on it."""

    def __init__(self, binaries: Binaries) -> None:
        self._binaries = binaries
        self._root = Path(tempfile.mkdtemp(prefix="almoner-pg-"))
        self._root.chmod(0o711)
        self._layout = replace(Layout.of(self._root), socket_dir=self._root / "s")
        self._identity: Identity = choose_identity(self._layout, binaries)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    @classmethod
    def embedded(cls) -> Self:
        """Take the PostgreSQL that `almoner serve` would run itself."""
        return cls(find_binaries())

    def dsn(self, database: str, user: str = "postgres") -> str:
        """Return the DSN of a database."""
        return f"postgresql://{user}@/{database}?host={self._layout.socket_dir}&port={PORT}"

    async def create_database(self, *, migrated: bool = True, owner: str = "postgres") -> str:
        """Create a database, with the schema or empty. Returns its DSN."""
        name = f"t{os.getpid()}_{next(self._numbers)}"
        template = TEMPLATE if migrated else "template0"
        await self._administer(f'CREATE DATABASE {name} TEMPLATE {template} OWNER "{owner}"')
        return self.dsn(name, owner)

    async def drop_database(self, dsn: str) -> None:
        """Drop a database, whoever is still connected."""
        name = dsn.partition("@/")[2].partition("?")[0]
        await self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def create_role(self, name: str) -> None:
        """Create an ordinary user: no superuser, no right to create anything but in its own databases."""
        await self._administer(f'CREATE ROLE "{name}" LOGIN')

    def __enter__(self) -> Self:
        data = self._layout.cluster
        for folder in (data, self._layout.socket_dir):
            folder.mkdir(mode=0o700)
            self._identity.own(folder)
        options = [
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
        ]
        self._run(str(self._binaries.initdb), *options, "--no-sync", "--no-instructions")
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        sockets = f"-cunix_socket_directories={self._layout.socket_dir}"
        command = self._identity.command(self._root, self._binaries.postgres, "-D", data, sockets, *settings)
        log = (self._root / "log").open("wb")
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=clean_environment())
        try:
            asyncio.run(self._prepare())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server and remove its files."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(
                    1
                )  # the smart shutdown that waits for clients, of whom none should be left
            except subprocess.TimeoutExpired:
                self._process.send_signal(2)
                self._process.wait(30)
        shutil.rmtree(self._root, ignore_errors=True)

    async def _prepare(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                await self._administer(f"CREATE DATABASE {TEMPLATE}")
                break
            except (OSError, asyncpg.CannotConnectNowError):
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    raise RuntimeError((self._root / "log").read_text()) from None
                await asyncio.sleep(0.02)
        await migrate(self.dsn(TEMPLATE), StoreOptions())

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, *command: str) -> None:
        full = self._identity.command(self._root, *command)
        done = subprocess.run(full, capture_output=True, text=True, env=clean_environment(), check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
