"""Whatever goes wrong, a caller hears one status with one ErrorInfo, and only bugs leave a stack trace."""

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import grpc
import pytest
from almoner import Client, Period, Target, new_id
from almoner.v1.admin_service_pb2 import DeleteLimitRequest, SetLimitRequest
from almoner.v1.admin_service_pb2_grpc import AdminServiceStub
from almoner.v1.quota_service_pb2 import (
    AdjustRequest,
    CheckQuotaRequest,
    CommitRequest,
    ReleaseRequest,
)
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner.v1.resources_pb2 import AdjustmentKind, ChatRef, Subject
from almoner.v1.resources_pb2 import Period as PeriodNumber
from almoner.v1.resources_pb2 import Target as TargetMessage

from tests.support.failures import failure_of

if TYPE_CHECKING:
    from almoner.v1.admin_service_pb2_grpc import AdminServiceAsyncStub
    from almoner.v1.quota_service_pb2_grpc import QuotaServiceAsyncStub

CHECK = "/almoner.v1.QuotaService/CheckQuota"
TRAILERS_BYTES = 8192


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "QuotaServiceAsyncStub":
    return QuotaServiceStub(channel)


@pytest.fixture
def admin(channel: grpc.aio.Channel) -> "AdminServiceAsyncStub":
    return AdminServiceStub(channel)


@pytest.mark.parametrize(
    "rubbish", [b"\xff" * 40, b"rubbish", b"\x0a\x02\xc3\x28", b"\x12\xff\xff\xff\xff\x0f"]
)
async def test_rubbish_is_the_callers_mistake(
    channel: grpc.aio.Channel, caplog: pytest.LogCaptureFixture, rubbish: bytes
) -> None:
    failure = await failure_of(channel.unary_unary(CHECK, request_serializer=bytes)(rubbish))
    assert (failure.code, failure.reason) == ("INVALID_ARGUMENT", "MALFORMED_MESSAGE")
    assert failure.metadata == {"method": CHECK.removeprefix("/")}
    assert caplog.records == []


async def test_what_does_not_exist_is_not_found(
    stub: "QuotaServiceAsyncStub", admin: "AdminServiceAsyncStub"
) -> None:
    unknown, user = new_id(), Subject(user="u")
    calls: dict[str, Awaitable[object]] = {
        "NAMESPACE_NOT_FOUND": stub.CheckQuota(CheckQuotaRequest(namespace="no", subject=user)),
        "HOLD_NOT_FOUND": stub.Release(ReleaseRequest(namespace="default", hold_id=unknown)),
        "CHARGE_NOT_FOUND": stub.Adjust(
            AdjustRequest(
                namespace="default",
                charge_id=unknown,
                adjustment_id=unknown,
                kind=AdjustmentKind.ADJUSTMENT_KIND_ACTUAL,
            )
        ),
        "LIMIT_NOT_FOUND": admin.DeleteLimit(
            DeleteLimitRequest(
                namespace="default",
                target=TargetMessage(kind=3, id="u"),  # type: ignore[arg-type]
                unit="tokens",
                period=PeriodNumber.PERIOD_DAY,
            )
        ),
    }
    for reason, call in calls.items():
        failure = await failure_of(call)
        assert (failure.code, failure.reason) == ("NOT_FOUND", reason)


async def test_a_hold_that_has_ended_is_no_hold_to_release(
    stub: "QuotaServiceAsyncStub", quota: Client
) -> None:
    hold = await quota.open_hold(user="u", tokens=1)
    await hold.commit(tokens=1)
    failure = await failure_of(stub.Release(ReleaseRequest(namespace="default", hold_id=hold.id)))
    assert (failure.code, failure.reason) == ("FAILED_PRECONDITION", "HOLD_SETTLED")
    assert failure.metadata == {"field": "hold_id", "value": hold.id, "state": "COMMITTED"}


async def test_an_outdated_etag_aborts(admin: "AdminServiceAsyncStub", quota: Client) -> None:
    everybody = Target.namespace_default()
    first = await quota.admin.set_limit(everybody, unit="tokens", period=Period.DAY, amount=1)
    await quota.admin.set_limit(everybody, unit="tokens", period=Period.DAY, amount=2)
    request = SetLimitRequest(
        namespace="default",
        target=TargetMessage(kind=1),  # type: ignore[arg-type]
        unit="tokens",
        period=PeriodNumber.PERIOD_DAY,
        amount=3,
        etag=first.etag,
    )
    failure = await failure_of(admin.SetLimit(request))
    assert (failure.code, failure.reason) == ("ABORTED", "ETAG_MISMATCH")


async def test_an_id_is_not_used_twice(stub: "QuotaServiceAsyncStub") -> None:
    request = CommitRequest(
        namespace="default", charge_id=new_id(), subject=Subject(user="u"), amounts={"tokens": 1}
    )
    await stub.Commit(request)
    request.amounts["tokens"] = 2
    failure = await failure_of(stub.Commit(request))
    assert (failure.code, failure.reason, failure.field) == ("ALREADY_EXISTS", "ID_REUSED", "charge_id")


async def test_another_parent_is_refused(stub: "QuotaServiceAsyncStub", quota: Client) -> None:
    await quota.charge(user="u", chat="child", parent="root", tokens=1)
    chat = ChatRef(id="child", parent_id="elsewhere")
    failure = await failure_of(
        stub.CheckQuota(CheckQuotaRequest(namespace="default", subject=Subject(user="u"), chat=chat))
    )
    assert (failure.code, failure.reason) == ("FAILED_PRECONDITION", "PARENT_CONFLICT")


async def test_what_a_caller_sent_is_not_sent_back_at_length(stub: "QuotaServiceAsyncStub") -> None:
    request = CheckQuotaRequest(namespace="default", subject=Subject(user="u"), amounts={"€" * 100_000: 1})
    failure = await failure_of(stub.CheckQuota(request))
    assert failure.reason == "UNKNOWN_UNIT"
    assert len(failure.message) + sum(map(len, failure.metadata.values())) < TRAILERS_BYTES // 4


async def test_a_bug_is_told_by_an_incident_that_the_log_explains_once(
    stub: "QuotaServiceAsyncStub", database: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("ALTER TABLE charges RENAME TO gone")
    await connection.close()
    request = CommitRequest(namespace="default", charge_id=new_id(), subject=Subject(user="u"))
    failure = await failure_of(stub.Commit(request))
    assert (failure.code, failure.reason) == ("INTERNAL", "INTERNAL")
    assert "charges" not in failure.message
    incident = failure.metadata["incident"]
    assert UUID(incident).version == 7
    logged = [record for record in caplog.records if incident in record.getMessage()]
    assert [(record.levelno, record.exc_info is not None) for record in logged] == [(logging.ERROR, True)]
