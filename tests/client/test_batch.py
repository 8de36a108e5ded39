import grpc
import pytest
from almoner import Check, Checked, Client, Commit, HoldOptions, InvalidArgument, NotFound, new_id
from almoner.v1 import quota_service_pb2 as pb
from almoner.v1 import resources_pb2

from tests.client.script import UNAVAILABLE, ScriptedServer, allowed, committed

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
