import time
from pathlib import Path

import grpc
import pytest
from almoner import (
    CallError,
    Check,
    Checked,
    Client,
    Commit,
    HoldOptions,
    InvalidArgument,
    NotFound,
    RetryPolicy,
    new_id,
)
from almoner.v1 import quota_service_pb2 as pb
from almoner.v1 import resources_pb2

from tests.client.script import UNAVAILABLE, ScriptedServer, allowed, committed, each_checked, each_committed

NO_HOLD = resources_pb2.ItemError(
    code=grpc.StatusCode.NOT_FOUND.value[0],
    message="no such hold",
    reason="HOLD_NOT_FOUND",
    metadata={"field": "hold_id"},
)


async def test_each_check_gets_its_own_answer_or_error(server: ScriptedServer, quota: Client) -> None:
    def answer(request: pb.BatchCheckQuotaRequest, _: object) -> pb.BatchCheckQuotaResponse:
        first, _second = request.requests
        results = [pb.CheckQuotaResult(response=allowed(first)), pb.CheckQuotaResult(error=NO_HOLD)]
        return pb.BatchCheckQuotaResponse(results=results)

    server.script("BatchCheckQuota", UNAVAILABLE, answer)
    held = Check(user="u1", chat="c1", amounts={"usd": "0.5"}, hold=HoldOptions())
    first, second = await quota.check_many([held, Check(user="u2")])
    assert isinstance(first, Checked)
    assert held.hold is not None
    assert first.hold_id == held.hold.id
    assert first.decision.allowed
    assert isinstance(second, NotFound)
    assert (second.reason, second.field, str(second)) == ("HOLD_NOT_FOUND", "hold_id", "no such hold")
    once, again = server.sent("BatchCheckQuota")
    assert once == again
    assert once.requests[0].amounts == {"usd_micros": 500_000}
    assert not once.requests[1].HasField("hold")


async def test_each_commit_gets_its_own_answer_or_error(server: ScriptedServer, quota: Client) -> None:
    def answer(request: pb.BatchCommitRequest, _: object) -> pb.BatchCommitResponse:
        first, _second = request.requests
        results = [pb.CommitResult(response=committed(first)), pb.CommitResult(error=NO_HOLD)]
        return pb.BatchCommitResponse(results=results)

    server.script("BatchCommit", answer)
    direct, lost = await quota.commit_many(
        [Commit(user="u1", amounts={"tokens": 5}), Commit(hold_id=new_id(), amounts={"tokens": 1})]
    )
    assert not isinstance(direct, Exception)
    assert direct.charge.amounts == {"tokens": 5}
    assert isinstance(lost, NotFound)


def test_a_commit_makes_its_id_where_one_is_needed() -> None:
    assert Commit(user="u1").charge_id
    assert Commit(hold_id="h", partial=True).charge_id
    assert Commit(hold_id="h").charge_id is None
    assert Commit(user="u1", charge_id="mine").charge_id == "mine"


async def test_a_bad_value_is_found_before_anything_is_sent(server: ScriptedServer, quota: Client) -> None:
    with pytest.raises(InvalidArgument, match="tokens"):
        await quota.check_many([Check(user="u1"), Check(user="u2", amounts={"tokens": -1})])
    assert not server.calls


@pytest.mark.parametrize("journalled", [False, True])
async def test_more_than_one_call_takes_is_sent_in_several_in_order(
    journalled: bool, server: ScriptedServer, tmp_path: Path
) -> None:
    label = {"note": "x" * 8_000}
    commits = [
        *(Commit(user=f"u{number}", amounts={"tokens": 1}) for number in range(1_500)),
        *(
            Commit(user=f"u{number}", amounts={"tokens": 1}, attributes=label)
            for number in range(1_500, 1_700)
        ),
    ]
    async with Client(server.address, journal=tmp_path if journalled else None) as client:
        answers = await client.commit_many(commits)
    assert [answer.charge.id for answer in answers if not isinstance(answer, CallError)] == [
        commit.charge_id for commit in commits
    ]
    batches = server.sent("BatchCommit")
    assert [item.charge_id for batch in batches for item in batch.requests] == [
        commit.charge_id for commit in commits
    ]
    assert max(len(batch.requests) for batch in batches) == 1_000
    assert 1_000_000 < max(batch.ByteSize() for batch in batches) < 1_100_000
    assert len(batches) == 3


async def test_checks_too_are_sent_in_several_calls(server: ScriptedServer, quota: Client) -> None:
    checks = [Check(user=f"u{number}", hold=HoldOptions()) for number in range(2_001)]
    answers = await quota.check_many(checks)
    assert [answer.hold_id for answer in answers if isinstance(answer, Checked)] == [
        check.hold.id for check in checks if check.hold
    ]
    assert [len(batch.requests) for batch in server.sent("BatchCheckQuota")] == [1_000, 1_000, 1]


async def test_all_calls_of_a_batch_share_its_timeout(server: ScriptedServer, quota: Client) -> None:
    def slowly(
        request: pb.BatchCheckQuotaRequest, context: grpc.ServicerContext
    ) -> pb.BatchCheckQuotaResponse:
        while context.time_remaining() > 4.8:
            time.sleep(0.01)
        return each_checked(request)

    server.script("BatchCheckQuota", slowly)
    await quota.check_many([Check(user="u1")] * 1_001, timeout=5)
    first, second = (call.seconds_left for call in server.calls)
    assert second < 4.85 < first <= 5


async def test_with_a_journal_what_a_later_call_could_not_tell_is_pending(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("BatchCommit", each_committed, UNAVAILABLE)
    async with Client(server.address, journal=tmp_path, retry=RetryPolicy(attempts=1)) as client:
        answers = await client.commit_many(Commit(user="u1", amounts={"tokens": 1}) for _ in range(1_002))
        pending = [answer.pending for answer in answers if not isinstance(answer, CallError)]
        assert pending == [False] * 1_000 + [True] * 2


async def test_one_that_no_server_takes_is_told_before_any_is_sent(
    server: ScriptedServer, quota: Client
) -> None:
    with pytest.raises(InvalidArgument, match=r"request: 5\d{6} bytes, at most 4190208"):
        await quota.check_many([Check(user="u1"), Check(user="u2", attributes={"note": "x" * (5 << 20)})])
    assert not server.calls


async def test_nothing_to_ask_is_answered_at_once(
    server: ScriptedServer, quota: Client, tmp_path: Path
) -> None:
    assert await quota.check_many([]) == []
    assert await quota.commit_many(iter(())) == []
    async with Client(server.address, journal=tmp_path) as careful:
        assert await careful.commit_many([]) == []
    assert not server.calls
