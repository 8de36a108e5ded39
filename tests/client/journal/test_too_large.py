"""Commits larger than a server takes: never written down, and one that is there all the same stops nobody."""

from pathlib import Path

import grpc
import pytest
from almoner import Client, Commit, InvalidArgument, RetryPolicy
from almoner.v1.quota_service_pb2 import CommitRequest

from tests.client.journal.callers import counts, look, until_empty
from tests.client.journal.entries import leave, waiting_commit
from tests.client.script import Failure, ScriptedServer
from tests.support.server import authority

ONCE = RetryPolicy(attempts=1)
NOBODY = "127.0.0.1:1"
LARGE = {"prompt": "x" * (5 << 20)}
FULL = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many streams")
BUSY = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", "OVERLOADED")


@pytest.mark.parametrize("address", [NOBODY, ""])
async def test_it_is_refused_with_size_and_limit_before_it_is_written_down(
    address: str, server: ScriptedServer, tmp_path: Path
) -> None:
    async with Client(address or server.address, journal=tmp_path, retry=ONCE, timeout=1) as quota:
        with pytest.raises(InvalidArgument, match=r"request: 5\d{6} bytes, at most 4190208") as caught:
            await quota.charge(user="u-1", tokens=1, attributes=LARGE)
        assert caught.value.reason == "TOO_LONG"
        with pytest.raises(InvalidArgument, match="at most 4190208"):
            await quota.commit_many(
                [
                    Commit(user="u-1", amounts={"tokens": 1}),
                    Commit(user="u-1", amounts={"tokens": 1}, attributes=LARGE),
                ]
            )
    assert server.calls == []
    assert counts(tmp_path) == {}


async def test_one_that_is_in_the_journal_is_set_aside_and_what_is_behind_it_is_booked(
    database: str, tmp_path: Path
) -> None:
    leave(tmp_path, waiting_commit("u-1"), waiting_commit("u-large", LARGE), *map(waiting_commit, "abc"))
    async with authority(database) as server, Client(server.address) as admin:
        async with Client(server.address, journal=tmp_path) as quota:
            assert not (await quota.charge(user="u-2", tokens=1)).pending
            await quota.replay_journal()
        users = {charge.subject.user async for charge in admin.admin.list_charges()}
    assert users == {"u-1", "u-2", "a", "b", "c"}
    (dead,) = look(tmp_path).entries
    assert isinstance(dead.request, CommitRequest)
    assert (dead.state, dead.request.subject.user) == ("DEAD", "u-large")
    assert "larger than max" in dead.error


async def test_a_batch_that_is_too_large_for_what_is_between_is_sent_by_halves(
    server: ScriptedServer, tmp_path: Path
) -> None:
    leave(tmp_path, *(waiting_commit(f"u-{n}", {"note": "x" * 30_000}) for n in range(8)))
    server.script("BatchCommit", FULL, FULL)
    async with Client(server.address, journal=tmp_path, retry=ONCE) as quota:
        await quota.replay_journal()
    sent = [[commit.subject.user for commit in batch.requests] for batch in server.sent("BatchCommit")]
    users = [f"u-{n}" for n in range(8)]
    assert sent == [users, users[:4], users[:2], users[2:4], users[4:]]
    assert counts(tmp_path) == {}


async def test_small_commits_wait_for_a_server_that_has_no_room(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A server says the same in the same words of gRPC if it has too many streams."""
    leave(tmp_path, *map(waiting_commit, "abc"))
    server.script("BatchCommit", FULL, BUSY)
    async with Client(server.address, journal=tmp_path, retry=ONCE):
        await until_empty(tmp_path)
    assert [len(batch.requests) for batch in server.sent("BatchCommit")] == [3, 3, 3]


@pytest.mark.parametrize("answer", [FULL, BUSY, Failure(grpc.StatusCode.PERMISSION_DENIED, "not you")])
async def test_an_answer_of_the_server_is_no_outage(
    answer: Failure, server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("Commit", answer)
    async with Client(server.address, journal=tmp_path, retry=ONCE) as quota:
        assert (await quota.charge(user="u-1", tokens=1)).pending
        assert not (await quota.charge(user="u-2", tokens=1)).pending
        assert not (await quota.charge(user="u-3", tokens=1)).pending
