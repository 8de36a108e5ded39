"""What the tests do to processes and databases of this machine."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncpg
from almoner_server.embedded.identity import Identity

T = TypeVar("T")
SCRIPT = Path(__file__).with_name("supervise.py")


@dataclass
class Supervisor:
    """Another process with an EmbeddedPostgres."""

    process: subprocess.Popen[str]

    def said(self) -> dict[str, Any]:
        """Wait until its PostgreSQL is up."""
        assert self.process.stdout
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Supervisors:
    """Start supervisors, and leave none behind."""

    def __init__(self) -> None:
        self._started: list[Supervisor] = []

    def start(self, data_dir: Path, identity: Identity | None = None) -> Supervisor:
        program = [sys.executable, str(SCRIPT), str(data_dir)]
        process = subprocess.Popen(
            identity.command(Path("/"), *program) if identity else program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._started.append(Supervisor(process))
        return self._started[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for supervisor in self._started:
            with supervisor.process as process:
                process.communicate(timeout=60)  # ends its standard input, and so itself


async def query(dsn: str, statement: str) -> Any:
    """Run one statement on a connection of its own; returns the first value."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def query_when_back(dsn: str, statement: str, seconds: float) -> Any:
    """Run one statement as soon as the database answers, within that long."""

    async def answers() -> tuple[Any] | None:
        try:
            return (await query(dsn, statement),)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None

    return (await until(answers, seconds))[0]


async def until(condition: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """Return what the condition gives as soon as it gives something; fails after that long."""
    deadline = time.monotonic() + seconds
    while (result := await condition()) is None:
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.005)
    return result
