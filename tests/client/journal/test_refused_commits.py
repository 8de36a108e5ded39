"""What becomes of a journalled commit that the authority refuses, at once or when it is delivered."""

from pathlib import Path

import grpc
import pytest
from almoner import InvalidArgument, NotFound, Replayed, blocking, new_id
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb

from tests.client.journal.callers import counts, look, until, until_empty
from tests.client.journal.commits import ONCE, client, told
from tests.client.journal.entries import leave, waiting_commit
from tests.client.script import Failure, ScriptedServer, committed, each_committed

NO_NAMESPACE = Failure(grpc.StatusCode.NOT_FOUND, "no namespace", "NAMESPACE_NOT_FOUND")


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
