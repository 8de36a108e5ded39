"""What callers hear while the store is away, from the start or later, and that it is found again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from almoner import Client, new_id
from almoner.v1.quota_service_pb2 import (
    BatchCheckQuotaRequest,
    CheckQuotaRequest,
    CheckQuotaResponse,
    CommitRequest,
    HoldOptions,
)
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner.v1.resources_pb2 import ChargeOrigin, Subject
from almoner_server.app import Authority

from tests.support.failures import failure_of
from tests.support.health import NOT_SERVING, SERVING, health_of
from tests.support.road import Road
from tests.support.server import authority

CHECK = CheckQuotaRequest(
    namespace="default", subject=Subject(user="u"), amounts={"tokens": 1}, hold=HoldOptions(id=new_id())
)
QUOTA, ADMIN = "almoner.v1.QuotaService", "almoner.v1.AdminService"


@pytest.fixture
def road(database: str, tmp_path: Path) -> Road:
    return Road(database, tmp_path / "s")


@pytest.fixture(params=["deny", "allow"])
async def server(road: Road, request: pytest.FixtureRequest) -> AsyncIterator[Authority]:
    """Run a server whose database is not there yet."""
    async with authority(road.dsn, on_store_failure=request.param) as running:
        yield running


def only(answer: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [answer], indirect=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)


@only("deny")
async def test_calls_are_unavailable_until_the_store_is_there(
    channel: grpc.aio.Channel, quota: Client, road: Road
) -> None:
    failure = await failure_of(QuotaServiceStub(channel).CheckQuota(CHECK))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
    assert await health_of(channel) == await health_of(channel, QUOTA) == NOT_SERVING
    road.lay()
    await until(lambda: _serves(channel, ""))
    assert (await QuotaServiceStub(channel).CheckQuota(CHECK)).hold_id == CHECK.hold.id
    assert await health_of(channel, QUOTA) == await health_of(channel, ADMIN) == SERVING


@only("allow")
async def test_checks_are_allowed_unseen_and_their_commits_booked_later(
    channel: grpc.aio.Channel, road: Road
) -> None:
    stub = QuotaServiceStub(channel)
    answer = await stub.CheckQuota(CHECK)
    assert (answer.degraded, answer.decision.allowed, answer.hold_id) == (True, True, "")
    commit = CommitRequest(
        namespace="default", hold_id=CHECK.hold.id, subject=CHECK.subject, amounts={"tokens": 3}
    )
    assert (await failure_of(stub.Commit(commit))).reason == "STORE_UNAVAILABLE"
    assert await health_of(channel, QUOTA) == SERVING
    assert await health_of(channel, ADMIN) == NOT_SERVING
    road.lay()
    await until(lambda: _serves(channel, ADMIN))
    booked = (await stub.Commit(commit)).charge
    assert (booked.origin, booked.amounts["tokens"]) == (ChargeOrigin.CHARGE_ORIGIN_DIRECT, 3)


@only("allow")
async def test_bad_input_is_refused_whatever_became_of_the_store(channel: grpc.aio.Channel) -> None:
    failure = await failure_of(QuotaServiceStub(channel).CheckQuota(CheckQuotaRequest(namespace="default")))
    assert failure.reason == "FIELD_REQUIRED"


@only("allow")
async def test_a_unit_that_the_namespace_does_not_count_is_refused_if_it_was_used_before(
    channel: grpc.aio.Channel, road: Road
) -> None:
    stub = QuotaServiceStub(channel)
    wrong = CheckQuotaRequest(namespace="default", subject=CHECK.subject, amounts={"tokenz": 1})
    assert (await stub.CheckQuota(wrong)).degraded  # nothing is known of the namespace yet
    road.lay()
    await until(lambda: _serves(channel, ADMIN))
    assert (await failure_of(stub.CheckQuota(wrong))).reason == "UNKNOWN_UNIT"
    await road.cut()
    failure = await failure_of(stub.CheckQuota(wrong))
    assert (failure.reason, failure.metadata["field"]) == ("UNKNOWN_UNIT", "amounts[tokenz]")
    both = await stub.BatchCheckQuota(BatchCheckQuotaRequest(requests=[wrong, CHECK]))
    assert both.results[0].error.reason == "UNKNOWN_UNIT"
    assert both.results[1].response.degraded


@only("allow")
async def test_what_the_store_turns_down_is_not_allowed_because_an_outage_would_be(
    channel: grpc.aio.Channel, road: Road
) -> None:
    stub = QuotaServiceStub(channel)
    road.lay()
    await until(lambda: _serves(channel, ADMIN))
    nowhere = CheckQuotaRequest(namespace="nowhere", subject=CHECK.subject, amounts={"tokens": 1})
    assert (await failure_of(stub.CheckQuota(nowhere))).reason == "NAMESPACE_NOT_FOUND"
    both = await stub.BatchCheckQuota(BatchCheckQuotaRequest(requests=[nowhere, CHECK]))
    assert both.results[0].error.reason == "NAMESPACE_NOT_FOUND"
    assert both.results[1].response.decision.allowed
    assert not both.results[1].response.degraded


async def test_a_store_that_goes_away_is_noticed_and_found_again(
    channel: grpc.aio.Channel, road: Road, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    stub = QuotaServiceStub(channel)
    road.lay()
    await until(lambda: _serves(channel, ADMIN))
    await road.cut()
    if request.node.callspec.params["server"] == "allow":
        assert (await stub.CheckQuota(CHECK)).degraded
    else:
        assert (await failure_of(stub.CheckQuota(CHECK))).reason == "STORE_UNAVAILABLE"
    await until(lambda: _serves(channel, ADMIN, NOT_SERVING))
    road.lay()
    await until(lambda: _serves(channel, ADMIN))

    async def asked() -> bool:
        answer: CheckQuotaResponse = await stub.CheckQuota(CHECK)
        return not answer.degraded

    await until(asked)
    ours = [record for record in caplog.records if record.name.startswith("almoner")]
    assert ours
    assert not [record for record in ours if record.exc_info]


async def _serves(channel: grpc.aio.Channel, service: str, health: int = SERVING) -> bool:
    return await health_of(channel, service) == health
