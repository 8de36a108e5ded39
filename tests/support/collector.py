"""A real OTLP collector: a gRPC server that takes spans in, as any backend for traces does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Value = str | int | bool | float


@dataclass(frozen=True)
class Received:
    """Is a span with its attributes, and with those of the program it comes from."""

    span: Span
    attributes: dict[str, Value]
    resource: dict[str, Value]


class Collector(TraceServiceServicer):
    """Keeps every span it gets."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.address = ""

    async def Export(  # noqa: N802 - the name in the proto
        self, request: ExportTraceServiceRequest, context: object
    ) -> ExportTraceServiceResponse:
        """Take spans."""
        for resource in request.resource_spans:
            program = _values(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.received += [Received(span, _values(span.attributes), program) for span in scope.spans]
        return ExportTraceServiceResponse()

    def named(self, name: str) -> list[Received]:
        """Return the spans of a name."""
        return [received for received in self.received if received.span.name == name]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the spans that came make something true."""
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - spans come from another process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Run a collector."""
    collector = Collector()
    server = grpc.aio.server()
    add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    collector.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield collector
    await server.stop(None)


def _values(attributes: Iterable[KeyValue]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        assert kind is not None
        found[attribute.key] = getattr(attribute.value, kind)
    return found
