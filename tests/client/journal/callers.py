"""Callers in processes of their own, which can be killed, and what they leave in a journal."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from almoner.journal.book import Book, Contents
from almoner.journal.entries import EntryState
from almoner.journal.options import Journal

CALLER = """
import asyncio, sys
from almoner import Client, RetryPolicy, new_id

async def main(address, directory, user, tasks):
    async with Client(address, journal=directory, retry=RetryPolicy(attempts=3)) as quota:
        async def spend():
            while True:
                charge_id = new_id()
                print("begin", charge_id, flush=True)
                committed = await quota.charge(user=user, tokens=1, charge_id=charge_id)
                print("told", charge_id, committed.pending, flush=True)
        await asyncio.gather(*(spend() for _ in range(int(tasks))))

asyncio.run(main(*sys.argv[1:]))
"""


REPLAYER = """
import sys
from almoner.blocking import Client

address, directory = sys.argv[1:]
Client(address, journal=directory, timeout=60).replay_journal()
"""


class Caller:
    """Spends one token a commit, in a process, and says what it begins and what it is told."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.begun: set[str] = set()
        self.order: list[str] = []
        self.told: set[str] = set()
        self.pending: set[str] = set()
        self._reading = asyncio.create_task(self._read())
        self._heard = asyncio.Condition()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if not line.endswith(b"\n"):
                return  # torn by the kill
            word, charge_id, *rest = line.decode().split()
            (self.begun if word == "begin" else self.told).add(charge_id)
            if word == "told":
                self.order.append(charge_id)
            if rest == ["True"]:
                self.pending.add(charge_id)
            async with self._heard:
                self._heard.notify_all()

    async def until_told(self, count: int, *, pending: int = 0) -> None:
        """Wait until it was told of so many commits."""
        async with self._heard, asyncio.timeout(60):
            await self._heard.wait_for(lambda: len(self.told) >= count and len(self.pending) >= pending)

    async def until_begun(self, count: int) -> None:
        """Wait until it began so many commits."""
        async with self._heard, asyncio.timeout(60):
            await self._heard.wait_for(lambda: len(self.begun) >= count)

    async def kill(self) -> None:
        """Kill it where it stands; what it said until then is known afterwards."""
        if self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reading


@asynccontextmanager
async def caller(address: str, directory: Path, user: str = "u-1", tasks: int = 4) -> AsyncIterator[Caller]:
    """Run a caller while the block runs."""
    command = (sys.executable, "-c", CALLER, address, str(directory), user, str(tasks))
    running = Caller(await asyncio.create_subprocess_exec(*command, stdout=PIPE))
    try:
        yield running
    finally:
        await running.kill()


@asynccontextmanager
async def replayer(address: str, directory: Path) -> AsyncIterator[Process]:
    """Run what replays a journal once, in a process of its own, while the block runs."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", REPLAYER, address, str(directory))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def look(directory: Path) -> Contents:
    """Read a journal as `almoner journal list` does."""
    book = Book(Journal(directory), create=False)
    try:
        return book.contents(100_000).result()
    finally:
        book.close()


def counts(directory: Path) -> dict[str, int]:
    """Count the entries of a journal by state, without the states that none is in."""
    return {state.value: count for state, count in look(directory).counts.items() if count}


async def until(state: Callable[[], bool]) -> None:
    """Wait until other processes have brought something about."""
    async with asyncio.timeout(30):
        while not state():  # noqa: ASYNC110 - nobody here tells
            await asyncio.sleep(0.02)


async def until_empty(directory: Path) -> None:
    """Wait until a journal has nothing to deliver."""
    await until(lambda: not set(counts(directory)) - {EntryState.DEAD})
