"""How long a caller waits for the journal, and what becomes of a commit whose caller no longer does."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from almoner import Client, Commit, DeadlineExceeded, blocking, new_id

from tests.client.journal.callers import counts, until_empty
from tests.client.journal.entries import someone_writing
from tests.client.script import ScriptedServer

LEAVER = """
import asyncio, sys
from almoner import Client, RetryPolicy

async def main():
    quota = Client("127.0.0.1:1", journal=sys.argv[1], retry=RetryPolicy(attempts=1))
    calls = [asyncio.create_task(quota.charge(user="u-1", tokens=1)) for _ in range(50)]
    await asyncio.sleep(0)

asyncio.run(main())
"""


async def test_what_was_begun_is_kept_though_the_loop_and_the_process_end(tmp_path: Path) -> None:
    leaver = await asyncio.create_subprocess_exec(sys.executable, "-c", LEAVER, str(tmp_path), stderr=PIPE)
    _, errors = await asyncio.wait_for(leaver.communicate(), 60)
    assert (leaver.returncode, b"Traceback" in errors) == (0, False)
    assert sum(counts(tmp_path).values()) == 50


async def test_a_commit_waits_for_the_journal_within_its_timeout_and_says_what_then_is(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with Client(server.address, journal=tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
        begin = time.monotonic()
        with someone_writing(tmp_path):
            with pytest.raises(DeadlineExceeded, match="could not be written in time") as caught:
                await quota.charge(user="u-1", tokens=1, charge_id=(id_ := new_id()), timeout=0.2)
            with pytest.raises(DeadlineExceeded):
                await quota.commit_many([Commit(user="u-1", amounts={"tokens": 1})], timeout=0.2)
            assert time.monotonic() - begin < 3
        assert str(tmp_path) in str(caught.value)
        await until_empty(tmp_path)
        assert not (await quota.charge(user="u-1", tokens=1)).pending  # that was no outage
    late = [commit for batch in server.sent("BatchCommit") for commit in batch.requests]
    assert len(late) == 2
    assert late[0].charge_id == id_


def test_a_blocking_commit_does_so_too(server: ScriptedServer, tmp_path: Path) -> None:
    with blocking.Client(server.address, journal=tmp_path) as quota:
        quota.charge(user="u-1", tokens=1)
        begin = time.monotonic()
        with someone_writing(tmp_path), pytest.raises(DeadlineExceeded):
            quota.charge(user="u-1", tokens=1, timeout=0.2)
        assert time.monotonic() - begin < 3
        quota.replay_journal()


async def test_who_is_cancelled_goes_at_once_and_the_commit_is_delivered(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with Client(server.address, journal=tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
        begin = time.monotonic()
        with someone_writing(tmp_path):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(quota.charge(user="u-1", tokens=1, charge_id=(id_ := new_id())), 0.2)
            assert time.monotonic() - begin < 3
        await until_empty(tmp_path)
    assert [commit.charge_id for batch in server.sent("BatchCommit") for commit in batch.requests] == [id_]


async def test_the_time_that_the_journal_took_is_not_there_for_the_call(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with Client(server.address, journal=tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
        with someone_writing(tmp_path):
            call = asyncio.create_task(quota.charge(user="u-1", tokens=1, timeout=5))
            await asyncio.wait({call}, timeout=0.3)
        await call
    assert server.calls[1].seconds_left < 4.8
