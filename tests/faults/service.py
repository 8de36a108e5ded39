"""A server process as a service manager runs it: at a fixed address, and started again whenever it ends."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.faults.load import ROOT
from tests.support.server import ALMONER, READY, START_SECONDS

RESTART_SECONDS = 0.2


def free_address() -> str:
    """Return an address that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def either(*addresses: str) -> str:
    """Return a gRPC target for the first of the addresses that answers."""
    return f"ipv4:{','.join(addresses)}"


class Service:
    """Runs one server. Its output goes to a file, since nobody reads a pipe while it runs."""

    def __init__(
        self, log: Path, options: tuple[str, ...], plant: str, environment: Mapping[str, str]
    ) -> None:
        self.address = free_address()
        self.log = log
        self._plant = plant
        program = (sys.executable, "-m", "tests.faults.planted", plant) if plant else ALMONER
        self._command = (*program, "serve", "--listen", self.address, *options)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ALMONER_", "OTEL_"))
        }
        self._environment = {**kept, **environment}
        self._process: Process | None = None
        self.starts = 0

    @property
    def pid(self) -> int:
        """Return the process id of the current run."""
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the current run."""
        os.kill(self.pid, number)

    async def start(self) -> None:
        """Start it; does not wait until it serves."""
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdout=PIPE, stderr=log, env=self._environment, cwd=ROOT
            )

    async def wait_ready(self) -> None:
        """Wait until it says that it serves."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        assert READY.search(line.decode()), self.log.read_text()

    async def wait_end(self) -> int:
        """Wait until the current run has ended, and return its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def keep(self) -> None:
        """Start it again whenever it ends, until cancelled."""
        while True:
            await self.wait_end()
            await asyncio.sleep(RESTART_SECONDS)
            await self.start()

    async def stop(self) -> None:
        """Stop it, however it is."""
        if self._process is not None and self._process.returncode is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), START_SECONDS)


@asynccontextmanager
async def service(
    log: Path,
    *options: str,
    plant: str = "",
    environment: Mapping[str, str] | None = None,
    ready: bool = True,
    restart: bool = True,
) -> AsyncIterator[Service]:
    """Run a server while the block runs; with `ready` it serves when the block begins."""
    running = Service(log, options, plant, environment or {})
    await running.start()
    keeper: asyncio.Task[None] | None = None
    try:
        if ready:
            await running.wait_ready()
        if restart:
            keeper = asyncio.create_task(running.keep())
        yield running
    finally:
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        await running.stop()
