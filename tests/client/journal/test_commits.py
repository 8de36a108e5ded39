"""What a commit does with a journal, while the authority is there, away, and back."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from almoner import Client, Journal, blocking, new_id
from almoner.journal import reach
from almoner.journal.file import NAME
from almoner.v1 import quota_service_pb2 as quota

from tests.client.journal.callers import counts, until_empty
from tests.client.journal.commits import ONCE, client, told
from tests.client.script import UNAVAILABLE, Failure, Gate, ScriptedServer, committed


async def test_with_the_authority_there_a_commit_is_booked_and_nothing_stays(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with client(server.address, tmp_path) as quota:
        answer = await quota.charge(user="u-1", tokens=5)
    assert not answer.pending
    assert len(server.sent("Commit")) == 1
    assert counts(tmp_path) == {}


async def test_a_commit_is_on_disk_before_it_is_sent(server: ScriptedServer, tmp_path: Path) -> None:
    seen: list[dict[str, int]] = []

    def look_first(request: quota.CommitRequest, _: object) -> quota.CommitResponse:
        seen.append(counts(tmp_path))
        return committed(request)

    server.script("Commit", look_first)
    async with client(server.address, tmp_path) as quota_:
        await quota_.charge(user="u-1", tokens=5)
    assert seen == [{"SENDING": 1}]


async def test_away_a_commit_is_pending_and_says_what_will_be_booked(away: str, tmp_path: Path) -> None:
    async with client(away, tmp_path) as quota:
        answer = await quota.charge(user="u-1", tokens=5, chat="c", parent="p", charge_id=(id_ := new_id()))
        assert answer.pending
        assert answer.charge.id == id_
        assert answer.charge.amounts == {"tokens": 5}
        assert (await quota.charge(user="u-1", tokens=6)).pending
    assert counts(tmp_path) == {"WAITING": 2}


async def test_a_pending_commit_settles_its_block(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("Commit", UNAVAILABLE)
    async with client(server.address, tmp_path) as quota:
        async with quota.hold(user="u-1", tokens=5) as hold:
            assert (await hold.commit(tokens=3)).pending
        assert server.sent("Release") == []
        await until_empty(tmp_path)
    (batch,) = server.sent("BatchCommit")
    assert [commit.hold_id for commit in batch.requests] == [hold.id]


async def test_what_waits_is_delivered_in_order_under_the_same_ids(away: str, tmp_path: Path) -> None:
    ids = [new_id() for _ in range(450)]
    async with client(away, tmp_path) as quota:
        for id_ in ids:
            assert (await quota.charge(user="u-1", tokens=1, charge_id=id_)).pending
        with ScriptedServer(away) as server:
            await until_empty(tmp_path)
            assert told(server) == ids
            assert not (await quota.charge(user="u-1", tokens=1)).pending


async def test_a_client_that_starts_delivers_what_an_earlier_one_left(away: str, tmp_path: Path) -> None:
    async with client(away, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1, charge_id=(id_ := new_id()))
    with ScriptedServer(away) as server:
        async with client(away, tmp_path):
            await until_empty(tmp_path)
        assert told(server) == [id_]


async def test_telling_a_pending_commit_again_keeps_one_entry(away: str, tmp_path: Path) -> None:
    id_ = new_id()
    async with client(away, tmp_path) as quota:
        for _ in range(3):
            assert (await quota.charge(user="u-1", tokens=1, charge_id=id_)).pending
    assert counts(tmp_path) == {"WAITING": 1}


async def test_a_later_commit_of_a_hold_does_not_overtake_an_earlier_one(
    server: ScriptedServer, tmp_path: Path
) -> None:
    incident = Failure(grpc.StatusCode.INTERNAL, "a bug", "INTERNAL")
    server.script("Commit", incident)
    async with client(server.address, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=5)
        first = await hold.commit(tokens=1, partial=True)
        assert (await hold.commit(tokens=1)).pending
        assert not (await quota.charge(user="u-1", tokens=1)).pending  # is on no hold
        await until_empty(tmp_path)
    (batch,) = server.sent("BatchCommit")
    assert [commit.charge_id for commit in batch.requests] == [first.charge.id, ""]


async def test_a_cancelled_commit_is_kept(server: ScriptedServer, tmp_path: Path) -> None:
    gate = Gate()
    server.script("Commit", gate.commit)
    async with client(server.address, tmp_path) as quota:
        call = asyncio.create_task(quota.charge(user="u-1", tokens=1, charge_id=(id_ := new_id())))
        await asyncio.to_thread(gate.reached.wait, 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gate.open.set()
        await until_empty(tmp_path)
    assert told(server) == [id_, id_]


async def test_a_commit_cancelled_while_it_is_written_down_is_delivered(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with client(server.address, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
        with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            call = asyncio.create_task(quota.charge(user="u-1", tokens=1, charge_id=(id_ := new_id())))
            await asyncio.sleep(0)
            call.cancel()
            await asyncio.sleep(0)
            writer.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await call
        await until_empty(tmp_path)
    assert told(server)[1:] == [id_]


async def test_during_an_outage_commits_do_not_wait_for_their_timeout(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("Commit", *[UNAVAILABLE] * 2)
    server.script("BatchCommit", *[UNAVAILABLE] * 50)
    async with client(server.address, tmp_path) as quota:
        for _ in range(50):
            assert (await quota.charge(user="u-1", tokens=1)).pending
    assert len(server.sent("Commit")) <= 2


async def test_during_an_outage_a_commit_that_tries_takes_a_second_at_most(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "PROBE_PAUSE", 0)
    server.script("Commit", UNAVAILABLE)
    server.script("BatchCommit", *[UNAVAILABLE] * 50)
    async with client(server.address, tmp_path) as quota:
        for _ in range(2):
            await quota.charge(user="u-1", tokens=1, timeout=30)
    first, second = [call.seconds_left for call in server.calls if call.method == "Commit"]
    assert second < 2 < first


async def test_many_at_once_share_a_transaction(server: ScriptedServer, tmp_path: Path) -> None:
    async with client(server.address, tmp_path) as quota:
        answers = await asyncio.gather(*(quota.charge(user=f"u-{n}", tokens=1) for n in range(200)))
    assert not any(answer.pending for answer in answers)
    assert len(set(told(server))) == 200
    assert counts(tmp_path) == {}


def test_the_blocking_client_does_the_same(away: str, tmp_path: Path) -> None:
    with blocking.Client(away, journal=Journal(tmp_path), retry=ONCE) as quota:
        assert quota.charge(user="u-1", tokens=1, charge_id=(id_ := new_id())).pending
    with ScriptedServer(away) as server, blocking.Client(away, journal=tmp_path, retry=ONCE) as quota:
        quota.replay_journal()
        assert told(server) == [id_]
        assert not quota.charge(user="u-1", tokens=1).pending
    assert counts(tmp_path) == {}


async def test_without_a_journal_there_is_nothing_to_replay(quota: Client) -> None:
    with pytest.raises(ValueError, match="journal"):
        await quota.replay_journal()
