"""Spans of a real server process, as a real OTLP collector receives them."""

import asyncio
import sys
from collections.abc import AsyncIterator

import grpc
import pytest
from almoner import Client, Period, Target
from almoner.v1.quota_service_pb2 import BatchCheckQuotaRequest, CheckQuotaRequest, HoldOptions
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner.v1.resources_pb2 import Subject
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support.collector import Collector, collecting
from tests.support.failures import failure_of
from tests.support.server import ServerProcess, run_server, server_process

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CHECK, BATCH = "almoner.v1.QuotaService/CheckQuota", "BATCH accounts"


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest.fixture
async def traced(database: str, collector: Collector) -> AsyncIterator[ServerProcess]:
    """Run a server that the standard variables ask to trace."""
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    async with server_process("--database-url", database, environment=environment) as server:
        yield server


# What a process sees where the extra `otel` is not installed.
WITHOUT_OTEL = "import sys; sys.modules['opentelemetry'] = None; from almoner.cli import main; main()"


async def test_traces_that_cannot_be_made_are_told_with_what_to_install(database: str) -> None:
    server = await run_server(
        *("--database-url", database),
        environment={"OTEL_TRACES_EXPORTER": "console"},
        program=(sys.executable, "-c", WITHOUT_OTEL),
    )
    code, errors = await server.terminate()
    assert code == 0
    assert "the OTEL_ variables ask for traces" in errors
    assert errors.endswith("pip install 'almoner[otel]'\n")
    assert errors.count("\n") == 1


@pytest.fixture
async def channel(traced: ServerProcess) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(traced.address) as channel:
        yield channel


def check(user: str = "u", amount: int = 1) -> CheckQuotaRequest:
    subject = Subject(user=user)
    return CheckQuotaRequest(
        namespace="default", subject=subject, amounts={"tokens": amount}, hold=HoldOptions()
    )


async def test_a_call_continues_the_trace_of_its_caller(
    channel: grpc.aio.Channel, collector: Collector
) -> None:
    await QuotaServiceStub(channel).CheckQuota(
        check(), metadata=(("traceparent", f"00-{TRACE}-{PARENT}-01"), ("other-bin", b"\xff"))
    )
    await collector.until(lambda: bool(collector.named(CHECK) and collector.named(BATCH)))
    (call,), (batch,) = collector.named(CHECK), collector.named(BATCH)
    assert (call.span.trace_id.hex(), call.span.parent_span_id.hex()) == (TRACE, PARENT)
    assert call.span.kind == Span.SPAN_KIND_SERVER
    assert call.resource["service.name"] == "almoner"
    assert call.attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": CHECK,
        "rpc.response.status_code": "OK",
        "almoner.namespace": "default",
        "almoner.allowed": True,
        "almoner.decision": "ALLOWED",
    }
    assert [link.span_id for link in batch.span.links] == [call.span.span_id]
    assert batch.span.parent_span_id == call.span.span_id
    assert batch.span.kind == Span.SPAN_KIND_CLIENT
    assert (batch.attributes["db.system.name"], batch.attributes["db.operation.batch.size"]) == (
        "postgresql",
        1,
    )


async def test_a_refusal_tells_its_reason_and_scope(
    channel: grpc.aio.Channel, traced: ServerProcess, collector: Collector
) -> None:
    async with Client(traced.address) as quota:
        await quota.admin.set_limit(Target.namespace_default(), unit="tokens", period=Period.DAY, amount=5)
    await QuotaServiceStub(channel).CheckQuota(check(amount=6))
    await collector.until(lambda: bool(collector.named(CHECK)))
    (call,) = collector.named(CHECK)
    told = {name: value for name, value in call.attributes.items() if name.startswith("almoner.")}
    assert told == {
        "almoner.namespace": "default",
        "almoner.allowed": False,
        "almoner.decision": "REFUSED",
        "almoner.reason": "EXHAUSTED",
        "almoner.scope": "ACCOUNT_PERIOD",
    }
    assert call.span.status.code == Status.STATUS_CODE_UNSET


async def test_a_callers_mistake_is_no_error_of_the_server(
    channel: grpc.aio.Channel, collector: Collector
) -> None:
    await failure_of(QuotaServiceStub(channel).CheckQuota(CheckQuotaRequest()))
    await collector.until(lambda: bool(collector.named(CHECK)))
    (call,) = collector.named(CHECK)
    assert call.attributes["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert call.span.status.code == Status.STATUS_CODE_UNSET
    assert not collector.named(BATCH)


async def test_every_call_is_linked_from_the_transaction_that_served_it(
    channel: grpc.aio.Channel, collector: Collector
) -> None:
    stub = QuotaServiceStub(channel)
    await asyncio.gather(*(stub.CheckQuota(check(f"u{number}")) for number in range(50)))
    await stub.BatchCheckQuota(BatchCheckQuotaRequest(requests=[check("b1"), check("b2")]))
    # A call's span ends after that of the transaction, so it may come with a later export.
    await collector.until(lambda: len(_linked(collector)) == len(_calls(collector)) == 51)
    assert _calls(collector) == _linked(collector)
    sizes = [int(batch.attributes["db.operation.batch.size"]) for batch in collector.named(BATCH)]
    assert sum(sizes) == 52


@pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
async def test_nothing_is_sent_when_switched_off(
    database: str, collector: Collector, off: dict[str, str]
) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}", **off}
    async with server_process("--database-url", database, environment=environment) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            await QuotaServiceStub(channel).CheckQuota(check())
        assert await server.terminate() == (0, "")
    assert collector.received == []


def _calls(collector: Collector) -> set[bytes]:
    calls = collector.named(CHECK) + collector.named("almoner.v1.QuotaService/BatchCheckQuota")
    return {call.span.span_id for call in calls}


def _linked(collector: Collector) -> set[bytes]:
    return {link.span_id for batch in collector.named(BATCH) for link in batch.span.links}
