"""Whose turn it is to replay, and how long others wait for it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from almoner import Client, Journal, JournalBusy
from almoner.journal.book import Book

from tests.cli.conftest import call
from tests.client.journal.callers import counts, replayer, until
from tests.client.journal.entries import leave, waiting_commit
from tests.client.script import Gate, ScriptedServer


async def test_a_stopped_process_does_not_keep_others_waiting_and_is_named(
    server: ScriptedServer, tmp_path: Path
) -> None:
    leave(tmp_path, waiting_commit("u-1"))
    gate = Gate()
    server.script("BatchCommit", gate.commits)
    async with replayer(server.address, tmp_path) as holder:
        await asyncio.to_thread(gate.reached.wait, 30)
        os.kill(holder.pid, signal.SIGSTOP)
        ended = await call(
            "journal", "replay", "--journal", str(tmp_path), "--server", server.address, "--timeout", "1s"
        )
        assert ended.code == 5
        assert f"being replayed by process {holder.pid}, which has not got on for 1 s" in ended.err
        assert str(tmp_path) in ended.err
        async with Client(server.address, journal=tmp_path, timeout=0.3) as quota:
            with pytest.raises(JournalBusy, match=str(holder.pid)):
                await quota.replay_journal()
            assert not (await quota.charge(user="u-2", tokens=1)).pending
        os.kill(holder.pid, signal.SIGCONT)
        gate.open.set()
        assert await asyncio.wait_for(holder.wait(), 30) == 0
    assert counts(tmp_path) == {}


async def test_who_gets_on_is_waited_for(server: ScriptedServer, tmp_path: Path) -> None:
    leave(tmp_path, waiting_commit("u-1"))
    book = Book(Journal(tmp_path))
    turn = book.take_turn()
    assert turn is not None
    async with Client(server.address, journal=tmp_path, timeout=0.3) as quota:
        replay = asyncio.create_task(quota.replay_journal())
        for _ in range(20):
            turn.get_on()
            await asyncio.wait({replay}, timeout=0.05)
        assert not replay.done()
        turn.release()
        await replay
    book.close()
    assert counts(tmp_path) == {}


async def test_a_full_disk_does_not_keep_from_replaying(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    leave(tmp_path, waiting_commit("u-1"))
    monkeypatch.setattr(os, "pwrite", full)
    async with Client(server.address, journal=tmp_path) as quota:
        await quota.replay_journal()
        await until(lambda: counts(tmp_path) == {})
    assert server.sent("BatchCommit") != []
