"""A process that is forked holds nothing of its parent's journal, cannot use its client, and may make its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from almoner import Client

from tests.client.journal.callers import counts
from tests.client.script import ScriptedServer

HOLDER = """
import ctypes, os, signal, sys
from pathlib import Path
from almoner import Journal
from almoner.journal.book import Book
from tests.client.journal.entries import waiting_commit

directory, fork = sys.argv[1:]
book = Book(Journal(directory))
book.append([waiting_commit("u-1")], sending=True).result()
lock = book.take_turn()
child = os.fork() if fork == "python" else ctypes.CDLL(None).fork()
if child == 0:
    os.close(1)  # or it would seem that the parent still runs
    while True:
        signal.pause()
print(child, flush=True)
sys.stdin.readline()
lock.release()
book.close()
print("closed", flush=True)
sys.stdin.readline()
"""

USER = """
import os, sys
from almoner import RetryPolicy
from almoner.blocking import Client

address, directory = sys.argv[1:]
quota = Client(address, journal=directory)
assert not quota.charge(user="parent", tokens=1).pending
child = os.fork()
if child == 0:
    try:
        quota.charge(user="child", tokens=1, timeout=5)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    quota._calls.close()
    sys.exit()  # as a worker ends, with all that is to be done at the end
assert os.waitpid(child, 0)[1] == 0
assert not quota.charge(user="parent", tokens=1).pending
marks = [name for name in os.listdir(directory) if name.startswith("owner-")]
print(len(marks), flush=True)
quota.close()
"""

PREFORKER = """
import os, sys, threading
from almoner import Journal
from almoner.journal.book import Book
from tests.client.journal.entries import waiting_commit

directory = sys.argv[1]
book, stop = Book(Journal(directory)), threading.Event()

def write():
    while not stop.is_set():
        book.append([waiting_commit("parent")], sending=False).result()
        written.append(1)

written = []
writer = threading.Thread(target=write)
writer.start()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        mine = Book(Journal(directory))
        for _ in range(10):
            mine.append([waiting_commit("child")], sending=False).result()
        mine.close()
        os._exit(0)
    children.append(child)
    before = len(written)
    while len(written) < before + 5:
        pass
ends = [os.waitpid(child, 0)[1] for child in children]
stop.set()
writer.join()
book.close()
print(*ends, len(written) + 200, flush=True)
"""


@asynccontextmanager
async def program(text: str, *arguments: str) -> AsyncIterator[Process]:
    """Run a program while the block runs, and everything that it forks."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", text, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def line(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()


async def require_delivered(server: ScriptedServer, directory: Path) -> None:
    async with Client(server.address, journal=directory, timeout=3) as quota, asyncio.timeout(10):
        await quota.replay_journal()
    assert counts(directory) == {}


@pytest.mark.parametrize("fork", ["python", "c"])
async def test_a_child_does_not_hold_what_its_parent_has_let_go(
    fork: str, server: ScriptedServer, tmp_path: Path
) -> None:
    async with program(HOLDER, str(tmp_path), fork) as parent:
        child = int(await line(parent))
        assert parent.stdin is not None
        parent.stdin.write(b"\n")
        assert await line(parent) == "closed"
        await require_delivered(server, tmp_path)
        os.kill(child, 0)  # still there


async def test_a_child_does_not_hold_what_its_parent_held_when_it_was_killed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with program(HOLDER, str(tmp_path), "python") as parent:
        child = int(await line(parent))
        os.kill(parent.pid, signal.SIGKILL)
        await parent.wait()
        await require_delivered(server, tmp_path)
        os.kill(child, 0)


async def test_a_client_of_the_parent_says_so_in_a_child_and_works_on_in_the_parent(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with program(USER, server.address, str(tmp_path)) as parent:
        said = await line(parent)
        assert said.startswith("ClientClosed")
        assert "another process" in said
        assert await line(parent) == "1"
    assert [request.subject.user for request in server.sent("Commit")] == ["parent", "parent"]


async def test_children_that_make_their_own_lose_nothing_while_the_parent_writes(tmp_path: Path) -> None:
    async with program(PREFORKER, str(tmp_path)) as parent:
        *ends, written = (await line(parent)).split()
    assert ends == ["0"] * 20
    assert counts(tmp_path) == {"WAITING": int(written)}
