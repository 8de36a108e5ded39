import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from almoner import Client, NotFound, blocking
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.client.script import GONE, UNAVAILABLE, ScriptedServer

EXPORTER = InMemorySpanExporter()


@pytest.fixture(scope="module")
def tracer() -> trace.Tracer:
    """A tracer of the process-wide provider, which can be set only once in a process."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    return trace.get_tracer("test")


@pytest.fixture(autouse=True)
def no_spans_yet() -> Iterator[None]:
    EXPORTER.clear()
    return iter([None])


def client_spans() -> list[ReadableSpan]:
    return [span for span in EXPORTER.get_finished_spans() if span.kind is SpanKind.CLIENT]


async def test_a_call_below_an_active_span_is_a_span_and_tells_the_server_its_context(
    server: ScriptedServer, quota: Client, tracer: trace.Tracer
) -> None:
    server.script("CheckQuota", UNAVAILABLE)
    with tracer.start_as_current_span("request") as parent:
        await quota.check(user="u-17")
    (span,) = client_spans()
    context = span.get_span_context()
    assert context is not None
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id
    told = {call.metadata["traceparent"].rpartition("-")[0] for call in server.calls}
    assert told == {f"00-{context.trace_id:032x}-{context.span_id:016x}"}
    assert len(server.calls) == 2
    assert span.name == "almoner.v1.QuotaService/CheckQuota"
    assert dict(span.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": "almoner.v1.QuotaService/CheckQuota",
        "rpc.response.status_code": "OK",
        "server.address": "127.0.0.1",
        "server.port": int(server.address.rpartition(":")[2]),
    }
    assert span.status.status_code is StatusCode.UNSET


def test_the_twin_traces_too(
    server: ScriptedServer, blocking_quota: blocking.Client, tracer: trace.Tracer
) -> None:
    server.script("Release", GONE)
    with tracer.start_as_current_span("request"), pytest.raises(NotFound):
        blocking_quota.release("01970000-0000-7000-8000-000000000000")
    (span,) = client_spans()
    attributes = span.attributes or {}
    assert attributes["rpc.response.status_code"] == "NOT_FOUND"
    assert attributes["error.type"] == "NOT_FOUND"
    assert span.status.status_code is StatusCode.ERROR
    assert not span.events
    assert "traceparent" in server.calls[0].metadata


async def test_calls_that_travel_together_are_spans_linked_with_the_one_that_carries_them(
    server: ScriptedServer, quota: Client, tracer: trace.Tracer
) -> None:
    async def traced(user: str) -> None:
        with tracer.start_as_current_span(user):
            await quota.check(user=user)

    await asyncio.gather(quota.check(user="untraced"), *(traced(f"u-{number}") for number in range(3)))
    spans = client_spans()
    (batch,) = [span for span in spans if span.name.endswith("BatchCheckQuota")]
    first, *others = [span for span in spans if span is not batch]
    assert {span.name for span in (first, *others)} == {"almoner.v1.QuotaService/CheckQuota"}
    parents = {span.parent.span_id for span in (first, *others) if span.parent}
    assert len(parents) == 3
    assert batch.parent == first.context
    assert [link.context for link in batch.links] == [span.context for span in others]
    assert [[link.context for link in span.links] for span in others] == [[batch.context]] * 2
    (call,) = [call for call in server.calls if call.method == "BatchCheckQuota"]
    assert batch.context is not None
    assert call.metadata["traceparent"].split("-")[1:3] == [
        f"{batch.context.trace_id:032x}",
        f"{batch.context.span_id:016x}",
    ]


async def test_without_an_active_span_there_is_none(
    server: ScriptedServer, quota: Client, tracer: trace.Tracer
) -> None:
    await quota.check(user="u-17")
    assert not client_spans()
    assert "traceparent" not in server.calls[0].metadata


PROGRAM = """
import json, sys
from almoner import blocking
with blocking.Client(sys.argv[1]) as quota:
    quota.check(user="u-17")
print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry")]))
"""


def test_a_program_that_does_not_trace_never_loads_opentelemetry(server: ScriptedServer) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, server.address], check=True, capture_output=True, text=True
    )
    assert json.loads(run.stdout) == []
    assert len(server.calls) == 1
