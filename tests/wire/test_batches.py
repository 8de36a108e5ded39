"""Batches: each item is answered, or fails, as if it had come alone."""

import grpc
import pytest
from almoner import Client, Period, Target, new_id
from almoner.v1.quota_service_pb2 import (
    BatchCheckQuotaRequest,
    BatchCommitRequest,
    CheckQuotaRequest,
    CommitRequest,
    HoldOptions,
)
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner.v1.resources_pb2 import Subject
from google.protobuf.duration_pb2 import Duration

from tests.support.failures import failure_of


def check(user: str = "u", namespace: str = "default", wait: int | None = None) -> CheckQuotaRequest:
    return CheckQuotaRequest(
        namespace=namespace,
        subject=Subject(user=user),
        amounts={"tokens": 1},
        hold=HoldOptions(),
        wait=None if wait is None else Duration(seconds=wait),
    )


def charge(amount: int, charge_id: str) -> CommitRequest:
    subject = Subject(user="u")
    return CommitRequest(
        namespace="default", charge_id=charge_id, subject=subject, amounts={"tokens": amount}
    )


async def test_bad_checks_fail_alone_and_the_others_are_decided_in_order(
    channel: grpc.aio.Channel, quota: Client
) -> None:
    await quota.admin.set_limit(Target.namespace_default(), unit="tokens", period=Period.DAY, amount=2)
    requests = [check(), check(""), check(), check(wait=1), check(namespace="no"), check(), check(wait=0)]
    answer = await QuotaServiceStub(channel).BatchCheckQuota(BatchCheckQuotaRequest(requests=requests))
    assert [result.WhichOneof("result") for result in answer.results] == [
        "response",
        "error",
        "response",
        "error",
        "error",
        "response",
        "response",
    ]
    assert [answer.results[item].response.decision.allowed for item in (0, 2, 5, 6)] == [
        True,
        True,
        False,
        False,
    ]
    errors = [answer.results[item].error for item in (1, 3, 4)]
    assert [(error.code, error.reason, error.metadata["field"]) for error in errors] == [
        (grpc.StatusCode.INVALID_ARGUMENT.value[0], "FIELD_REQUIRED", "subject.user"),
        (grpc.StatusCode.INVALID_ARGUMENT.value[0], "FIELD_NOT_ALLOWED", "wait"),
        (grpc.StatusCode.NOT_FOUND.value[0], "NAMESPACE_NOT_FOUND", "namespace"),
    ]


async def test_bad_commits_fail_alone(channel: grpc.aio.Channel) -> None:
    first = new_id()
    requests = [charge(1, first), charge(-1, new_id()), charge(1, first), charge(2, first)]
    answer = await QuotaServiceStub(channel).BatchCommit(BatchCommitRequest(requests=requests))
    assert [answer.results[item].response.replayed for item in (0, 2)] == [False, True]
    reasons = [answer.results[item].error.reason for item in (1, 3)]
    assert reasons == ["AMOUNT_OUT_OF_RANGE", "ID_REUSED"]


@pytest.mark.parametrize(("count", "reason"), [(0, "FIELD_REQUIRED"), (1001, "TOO_MANY")])
async def test_a_batch_has_1_to_1000_items(shared_channel: grpc.aio.Channel, count: int, reason: str) -> None:
    stub = QuotaServiceStub(shared_channel)
    checks = await failure_of(stub.BatchCheckQuota(BatchCheckQuotaRequest(requests=[check()] * count)))
    commits = await failure_of(stub.BatchCommit(BatchCommitRequest(requests=[charge(1, new_id())] * count)))
    assert {(checks.reason, checks.field), (commits.reason, commits.field)} == {(reason, "requests")}


async def test_a_thousand_items_of_four_kilobytes_fit(shared_channel: grpc.aio.Channel) -> None:
    large = check()
    large.attributes["k"] = "x" * 4_000
    answer = await QuotaServiceStub(shared_channel).BatchCheckQuota(
        BatchCheckQuotaRequest(requests=[large] * 1000)
    )
    assert all(result.response.decision.allowed for result in answer.results)
