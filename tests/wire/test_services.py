"""What comes with the two services: health, reflection, the test clock, metrics."""

import asyncio
import socket
import urllib.request
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from almoner import Client, Period, QuotaBusy, Target
from almoner.testing.v1.clock_service_pb2 import AdvanceClockRequest, SetClockRequest
from almoner.testing.v1.clock_service_pb2_grpc import ClockServiceStub
from almoner.v1 import admin_service_pb2, quota_service_pb2
from almoner_server.app import Authority
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support.clock import AuthorityClock
from tests.support.failures import failure_of
from tests.support.health import SERVING, health_of
from tests.support.server import authority, server_process

NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)
SERVICES = ("", "almoner.v1.QuotaService", "almoner.v1.AdminService", "almoner.testing.v1.ClockService")


async def test_every_service_says_that_it_is_well(shared_channel: grpc.aio.Channel) -> None:
    assert [await health_of(shared_channel, service) for service in SERVICES] == [SERVING] * 4


async def test_the_contract_can_be_asked_for(server: Authority) -> None:
    def services() -> list[str]:
        with grpc.insecure_channel(server.address) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            names = sorted(database.get_services())
            for module in (quota_service_pb2, admin_service_pb2):
                file = database.FindFileByName(module.DESCRIPTOR.name)
                assert [service.name for service in file.service] == list(module.DESCRIPTOR.services_by_name)
            return names

    assert await asyncio.to_thread(services) == [
        "almoner.testing.v1.ClockService",
        "almoner.v1.AdminService",
        "almoner.v1.QuotaService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    ]


async def test_the_clock_is_set_moved_and_reset(clock: AuthorityClock) -> None:
    assert await clock.set(NOW) == NOW
    assert await clock.advance(timedelta(days=1, microseconds=1)) == NOW + timedelta(days=1, microseconds=1)
    real = await clock.reset()
    assert abs(real - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (SetClockRequest(), "FIELD_REQUIRED", "time"),
        (SetClockRequest(time=Timestamp(seconds=-(10**12))), "TIME_OUT_OF_RANGE", "time"),
        (AdvanceClockRequest(), "FIELD_REQUIRED", "by"),
        (AdvanceClockRequest(by=Duration(seconds=-1)), "DURATION_OUT_OF_RANGE", "by"),
    ],
)
async def test_the_clock_takes_no_nonsense(
    shared_channel: grpc.aio.Channel, request_: SetClockRequest | AdvanceClockRequest, reason: str, field: str
) -> None:
    stub = ClockServiceStub(shared_channel)
    call = stub.SetClock if isinstance(request_, SetClockRequest) else stub.AdvanceClock
    failure = await failure_of(call(request_))  # type: ignore[arg-type]
    assert (failure.reason, failure.field) == (reason, field)


async def test_nobody_sets_the_clock_of_a_server_in_production(database: str) -> None:
    async with authority(database, test_clock=False) as running:
        channel = grpc.aio.insecure_channel(running.address)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await AuthorityClock(channel).set(NOW)
        await channel.close()
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture
def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


async def test_metrics_count_calls_decisions_and_expired_holds(database: str, free_address: str) -> None:
    metrics = f"http://{free_address}/metrics"
    async with (
        server_process(
            "--database-url", database, "--metrics-listen", free_address, "--test-clock"
        ) as server,
        grpc.aio.insecure_channel(server.address) as channel,
        Client(server.address) as quota,
    ):
        await AuthorityClock(channel).set(NOW)
        await quota.admin.set_limit(Target.namespace_default(), unit="tokens", period=Period.DAY, amount=1)
        await quota.open_hold(user="u", tokens=1)
        for _ in range(2):
            with pytest.raises(QuotaBusy):
                await quota.open_hold(user="u", tokens=1)
        shown = await asyncio.to_thread(_read, metrics)
        assert 'almoner_decisions_total{decision="ALLOWED"} 1.0' in shown
        assert 'almoner_decisions_total{decision="BUSY"} 2.0' in shown
        assert 'almoner_calls_total{code="OK",method="almoner.v1.QuotaService/CheckQuota"} 3.0' in shown
        assert "almoner_batch_size_count 3.0" in shown
        assert "almoner_waiting 0.0" in shown
        await AuthorityClock(channel).advance(timedelta(minutes=10))
        async with asyncio.timeout(10):
            while "almoner_holds_expired_total 1.0" not in shown:
                shown = await asyncio.to_thread(_read, metrics)


def _read(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        text: str = answer.read().decode()
    return text
