"""A batch of commits with a journal is kept as a whole; each of its items is settled alone."""

from pathlib import Path

import grpc
from almoner import Commit, Committed, InvalidArgument, new_id
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb

from tests.client.journal.callers import counts, until_empty
from tests.client.journal.commits import client, told
from tests.client.script import Failure, ScriptedServer, committed


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
