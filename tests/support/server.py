"""A server for a test: in this process where a test looks into it, or in one of its own where it may die."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from almoner_server.app import Authority
from almoner_server.config import Config

ALMONER = (sys.executable, "-m", "almoner.cli")
READY = re.compile(r"serving on (\S+?),? ")
START_SECONDS = 60
_started: list[Process] = []


@asynccontextmanager
async def authority(dsn: str, **settings: object) -> AsyncIterator[Authority]:
    """Run an authority in this process, on the database of a test, at a port of its own."""
    given = {"listen": "127.0.0.1:0", "database_url": dsn, "grace": 5.0, "test_clock": True, **settings}
    async with Authority(Config(**given)) as running:  # type: ignore[arg-type]
        yield running


class ServerProcess:
    """Is `almoner serve` in a process of its own."""

    def __init__(self, process: Process, address: str, first_line: str) -> None:
        self._process = process
        self.address = address
        self.first_line = first_line

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    async def terminate(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Tell it to stop, if it still runs; returns its exit code and what it wrote to standard error."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        _, errors = await asyncio.wait_for(self._process.communicate(), START_SECONDS)
        assert self._process.returncode is not None
        return self._process.returncode, errors.decode()


async def run_server(
    *options: str,
    environment: Mapping[str, str] | None = None,
    listen: str = "127.0.0.1:0",
    program: Sequence[str] = ALMONER,
) -> ServerProcess:
    """Start `almoner serve` and wait until it serves. The caller terminates it."""
    process = await launch("--listen", listen, *options, environment=environment, program=program)
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), START_SECONDS)).decode()
    found = READY.search(line)
    if found is None:
        _, errors = await process.communicate()
        raise AssertionError(f"the server did not start: {line}{errors.decode()}")
    return ServerProcess(process, found[1], line)


async def launch(
    *options: str, environment: Mapping[str, str] | None = None, program: Sequence[str] = ALMONER
) -> Process:
    """Start `almoner serve` with pipes for its output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALMONER_", "OTEL_"))}
    command = (*program, "serve", *options)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=PIPE, env={**kept, **(environment or {})}
    )
    _started.append(process)
    return process


def end_those_left() -> None:
    """Kill what tests have started and, having failed, not ended: a server would outlive them for ever."""
    for process in _started:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


@asynccontextmanager
async def server_process(
    *options: str,
    environment: Mapping[str, str] | None = None,
    listen: str = "127.0.0.1:0",
    program: Sequence[str] = ALMONER,
) -> AsyncIterator[ServerProcess]:
    """Run `almoner serve` in a process of its own while the block runs."""
    server = await run_server(*options, environment=environment, listen=listen, program=program)
    try:
        yield server
    finally:
        await server.terminate()
