"""A server in a process of its own, whose memory, files and log can be looked at."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.support.server import ServerProcess, server_process

MIB = 1 << 20


class Watched:
    """Is a server and what it takes of the machine."""

    def __init__(self, process: ServerProcess) -> None:
        self.process = process
        self.address = process.address

    @property
    def memory(self) -> int:
        """Return the bytes it has in memory."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )

    @property
    def files(self) -> int:
        """Return how many files and sockets it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))  # noqa: PTH208 - counted, not used

    async def log(self) -> str:
        """Stop it and return what it has written."""
        code, errors = await self.process.terminate()
        assert code == 0
        return errors


@pytest.fixture
async def server(database: str) -> AsyncIterator[Watched]:
    """Run a server on a database of its own."""
    async with server_process("--database-url", database, "--test-clock") as process:
        yield Watched(process)


@pytest.fixture
async def channel(server: Watched) -> AsyncIterator[grpc.aio.Channel]:
    """Connect to the server past the client library."""
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    async with grpc.aio.insecure_channel(server.address, options) as channel:
        yield channel
