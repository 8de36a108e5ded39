"""The supervisor's end of one worker process."""

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from typing import Self

from almoner_server.workers.errors import WorkersFailed
from almoner_server.workers.orders import Orders

COMMAND = (sys.executable, "-m", "almoner_server.cli.worker")


class Worker:
    """Is one process, from its start to its end. It shares our standard output and standard error."""

    def __init__(self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def launch(cls, orders: Orders) -> Self:
        """Start a process: a new program, not a fork. Its settings are on no command line. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            # In a session of its own: a Ctrl-C in the terminal is for us, who tell the workers.
            process = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=theirs.fileno(), start_new_session=True
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        with suppress(ConnectionError):
            writer.write(orders.line())
            await writer.drain()
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    async def started(self) -> bool:
        """Wait until it serves; False if it died before. Raises WorkersFailed if no worker can serve so."""
        try:
            line = await self._reader.readline()
        except ConnectionError:
            return False
        event = json.loads(line) if line else {}
        if "refused" in event:
            raise WorkersFailed(event["refused"])
        return "started" in event

    async def ended(self) -> str:
        """Wait for its end. Returns how it ended, in words; "" if it was with 0. Raises WorkersFailed."""
        code = await self._process.wait()
        with suppress(ConnectionError):
            await self.started()  # why it gave up, if it did so after it had served
        self._writer.close()
        if code >= 0:
            return f"with {code}" if code else ""
        return f"by {signal.Signals(-code).name}"

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
