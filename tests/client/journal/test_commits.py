"""What a commit does with a journal, while the authority is there, away, and back."""

import asyncio
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from almoner import (
    Client,
    Commit,
    Committed,
    InvalidArgument,
    Journal,
    NotFound,
    Replayed,
    RetryPolicy,
    blocking,
    new_id,
)
from almoner.journal import reach
from almoner.journal.file import NAME
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb

from tests.client.journal.callers import counts, look, until, until_empty
from tests.client.journal.entries import leave, waiting_commit
from tests.client.script import UNAVAILABLE, Failure, Gate, ScriptedServer, committed, each_committed

ONCE = RetryPolicy(attempts=1)
NO_NAMESPACE = Failure(grpc.StatusCode.NOT_FOUND, "no namespace", "NAMESPACE_NOT_FOUND")


@pytest.fixture
def address() -> Iterator[str]:
    """Give an address where nobody listens yet, and nobody else will."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def away(address: str) -> str:
    return address


def client(address: str, directory: Path) -> Client:
    return Client(address, journal=directory, retry=ONCE)


def told(server: ScriptedServer) -> list[str]:
    """Give the ids of all commits that arrived, in order, however they came."""
    ids = []
    for call in server.calls:
        items = call.request.requests if call.method == "BatchCommit" else [call.request]
        ids += [item.charge_id or item.hold_id for item in items]
    return ids


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


async def test_a_dead_commit_of_a_hold_is_in_no_later_ones_way(
    server: ScriptedServer, tmp_path: Path
) -> None:
    refused = pb.ItemError(code=3, message="no such unit", reason="UNKNOWN_UNIT")
    server.script("Commit", Failure(grpc.StatusCode.INTERNAL, "a bug", "INTERNAL"))
    server.script("BatchCommit", quota.BatchCommitResponse(results=[quota.CommitResult(error=refused)]))
    async with client(server.address, tmp_path) as quota_:
        hold = await quota_.open_hold(user="u-1", tokens=5)
        assert (await hold.commit(tokens=1, partial=True)).pending
        await until_empty(tmp_path)
        assert counts(tmp_path) == {"DEAD": 1}
        assert not (await hold.commit(tokens=1)).pending


async def test_what_the_authority_refuses_at_once_is_raised_and_not_kept(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("Commit", NO_NAMESPACE)
    async with client(server.address, tmp_path) as quota:
        with pytest.raises(NotFound):
            await quota.charge(user="u-1", tokens=1)
        with pytest.raises(InvalidArgument):
            await quota.charge(user="u-1", tokens=-1)
    assert counts(tmp_path) == {}


async def test_what_is_refused_in_a_replay_is_set_aside_and_stops_nobody(away: str, tmp_path: Path) -> None:
    async with client(away, tmp_path) as quota_:
        for number in range(3):
            await quota_.charge(user=f"u-{number}", tokens=1)

    def second_is_bad(request: quota.BatchCommitRequest, _: object) -> quota.BatchCommitResponse:
        results = [quota.CommitResult(response=committed(commit)) for commit in request.requests]
        results[1] = quota.CommitResult(
            error=pb.ItemError(code=3, message="no such unit", reason="UNKNOWN_UNIT")
        )
        return quota.BatchCommitResponse(results=results)

    with ScriptedServer(away) as server:
        server.script("BatchCommit", second_is_bad)
        async with client(away, tmp_path):
            await until_empty(tmp_path)
        contents = look(tmp_path)
        assert counts(tmp_path) == {"DEAD": 1}
        (dead,) = contents.entries
        assert dead.error == "no such unit"
        assert dead.request is not None
        assert dead.request.subject.user == "u-1"  # type: ignore[union-attr]
        async with client(away, tmp_path) as quota_:
            assert (await quota_.replay_journal()).delivered == 0
            assert (await quota_.replay_journal(dead=True)).delivered == 1
    assert counts(tmp_path) == {}


@pytest.mark.parametrize(
    "error",
    [
        pb.ItemError(code=3, message="ahead of the authority's clock", reason="TIME_OUT_OF_RANGE"),
        pb.ItemError(code=13, message="a bug", reason="INTERNAL"),
    ],
    ids=lambda error: error.reason,
)
async def test_one_that_cannot_be_booked_yet_is_sent_again_and_holds_up_no_other(
    away: str, tmp_path: Path, error: pb.ItemError
) -> None:
    async with client(away, tmp_path) as quota_:
        await quota_.charge(user="u-1", tokens=1, charge_id=(first := new_id()))
        await quota_.charge(user="u-1", tokens=1, charge_id=(other := new_id()))

    def not_the_first(request: quota.BatchCommitRequest, _: object) -> quota.BatchCommitResponse:
        results = [quota.CommitResult(response=committed(commit)) for commit in request.requests]
        results[0] = quota.CommitResult(error=error)
        return quota.BatchCommitResponse(results=results)

    with ScriptedServer(away) as server:
        server.script("BatchCommit", not_the_first)
        async with client(away, tmp_path):
            await until_empty(tmp_path)
        assert told(server) == [first, other, first]
    assert counts(tmp_path) == {}


async def test_one_that_breaks_its_whole_batch_is_found_and_set_aside(away: str, tmp_path: Path) -> None:
    async with client(away, tmp_path) as quota_:
        for number in range(5):
            await quota_.charge(user=f"u-{number}", tokens=1)

    def break_on_three(
        request: quota.BatchCommitRequest, context: grpc.ServicerContext
    ) -> quota.BatchCommitResponse:
        if any(commit.subject.user == "u-3" for commit in request.requests):
            Failure(grpc.StatusCode.INVALID_ARGUMENT, "rubbish", "MALFORMED_MESSAGE").abort(context)
        return quota.BatchCommitResponse(
            results=[quota.CommitResult(response=committed(commit)) for commit in request.requests]
        )

    with ScriptedServer(away) as server:
        server.script("BatchCommit", *[break_on_three] * 10)
        async with client(away, tmp_path) as quota_:
            await until_empty(tmp_path)
    (dead,) = look(tmp_path).entries
    assert dead.request.subject.user == "u-3"  # type: ignore[union-attr]


async def test_one_that_the_authority_has_a_bug_about_keeps_nobody_waiting(
    server: ScriptedServer, tmp_path: Path
) -> None:
    def break_on_three(
        request: quota.BatchCommitRequest, context: grpc.ServicerContext
    ) -> quota.BatchCommitResponse:
        if any(commit.subject.user == "u-3" for commit in request.requests):
            Failure(grpc.StatusCode.INTERNAL, "a bug", "INTERNAL").abort(context)
        return each_committed(request)

    leave(tmp_path, *(waiting_commit(f"u-{number}") for number in range(5)))
    server.script("BatchCommit", *[break_on_three] * 30)
    with blocking.Client(server.address, journal=tmp_path, retry=ONCE) as quota_:
        await until(lambda: counts(tmp_path) == {"WAITING": 1})
        assert quota_.replay_journal() == Replayed(left=1)
    (left,) = look(tmp_path).entries
    assert left.request.subject.user == "u-3"  # type: ignore[union-attr]
    assert left.error == "a bug"


async def test_a_batch_is_kept_as_a_whole_and_each_item_settled_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    def mixed(request: quota.BatchCommitRequest, _: object) -> quota.BatchCommitResponse:
        good, _bad, _away = request.requests
        return quota.BatchCommitResponse(
            results=[
                quota.CommitResult(response=committed(good)),
                quota.CommitResult(error=pb.ItemError(code=3, message="no unit", reason="UNKNOWN_UNIT")),
                quota.CommitResult(
                    error=pb.ItemError(code=14, message="no store", reason="STORE_UNAVAILABLE")
                ),
            ]
        )

    server.script("BatchCommit", mixed)
    async with client(server.address, tmp_path) as quota_:
        booked, failed, pending = await quota_.commit_many(
            Commit(user=f"u-{number}", amounts={"tokens": 1}) for number in range(3)
        )
        assert isinstance(booked, Committed)
        assert isinstance(failed, InvalidArgument)
        assert isinstance(pending, Committed)
        assert (booked.pending, pending.pending) == (False, True)
        await until_empty(tmp_path)
    assert told(server)[3:] == [pending.charge.id]


async def test_a_batch_with_one_that_must_wait_waits_as_a_whole(
    server: ScriptedServer, tmp_path: Path
) -> None:
    incident = Failure(grpc.StatusCode.INTERNAL, "a bug", "INTERNAL")
    server.script("Commit", incident)
    async with client(server.address, tmp_path) as quota_:
        hold = await quota_.open_hold(user="u-1", tokens=5)
        first = await hold.commit(tokens=1, partial=True)
        answers = await quota_.commit_many(
            [
                Commit(hold_id=hold.id, user="u-1", amounts={"tokens": 2}),
                Commit(user="u-2", charge_id=(other := new_id()), amounts={"tokens": 3}),
            ]
        )
        assert all(isinstance(answer, Committed) and answer.pending for answer in answers)
        await until_empty(tmp_path)
    commits = [commit for batch in server.sent("BatchCommit") for commit in batch.requests]
    assert [commit.charge_id or commit.hold_id for commit in commits] == [first.charge.id, hold.id, other]


async def test_a_batch_while_away_is_pending(away: str, tmp_path: Path) -> None:
    async with client(away, tmp_path) as quota:
        answers = await quota.commit_many(Commit(user="u-1", amounts={"tokens": n}) for n in (1, 2))
    assert all(isinstance(answer, Committed) and answer.pending for answer in answers)
    assert counts(tmp_path) == {"WAITING": 2}


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
