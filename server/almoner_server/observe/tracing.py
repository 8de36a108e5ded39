"""OpenTelemetry spans: one for every call, and one for every transaction, linked to the calls it serves.

They are written by hand: what instruments gRPC and asyncpg in general costs several times as much, and knows
neither decisions nor batches. Names are those of the semantic conventions for RPC and for databases.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry.context import Context
from opentelemetry.propagate import extract
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from almoner_server.core.requests import Decision
from almoner_server.observe.report import CallReport, Metadata

FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Status codes that are a fault of the server. Others are the caller's, and no error of this span."""
BATCH = "BATCH accounts"


class Tracing:
    """Makes spans of calls and of transactions."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def call(self, method: str, report: CallReport, metadata: Metadata) -> Iterator[None]:
        """Wrap a call in a SERVER span, below the one that the caller's `traceparent` names."""
        span = self._tracer.start_span(
            method,
            context=_callers_context(metadata),
            kind=SpanKind.SERVER,
            attributes={"rpc.system.name": "grpc", "rpc.method": method},
        )
        if not span.is_recording():
            yield
            return
        report.context = span
        try:
            yield
        except BaseException:  # cancelled: everything else has become a status code by now
            report.code, report.message = "CANCELLED", "the caller has gone"
            raise
        finally:
            _describe(span, report)
            span.end()

    def batch(
        self, size: int, longest_wait: float, contexts: Sequence[Hashable]
    ) -> AbstractContextManager[object]:
        """Wrap a transaction in a span below the first call it serves, linked to all of them."""
        calls = [context for context in contexts if isinstance(context, Span)]
        return self._batch(size, longest_wait, calls) if calls else nullcontext()

    @contextmanager
    def _batch(self, size: int, longest_wait: float, calls: Sequence[Span]) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            BATCH,
            context=set_span_in_context(calls[0]),
            kind=SpanKind.CLIENT,
            links=[Link(call.get_span_context()) for call in calls],
            attributes={
                "db.system.name": "postgresql",
                "db.operation.name": "BATCH",
                "db.collection.name": "accounts",
                "db.operation.batch.size": size,
                "almoner.batch.wait": longest_wait,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(Status(StatusCode.ERROR, str(error)))
                raise


def _callers_context(metadata: Metadata) -> Context:
    return extract(dict(_texts(metadata() or ())), context=Context())


def _texts(metadata: Iterable[tuple[str, str | bytes]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in metadata if isinstance(value, str))


def _describe(span: Span, report: CallReport) -> None:
    """Write down how a call ended and what was decided."""
    span.set_attribute("rpc.response.status_code", report.code)
    if report.namespace:
        span.set_attribute("almoner.namespace", report.namespace)
    if len(report.decisions) == 1:
        _describe_decision(span.set_attribute, report.decisions[0])
    elif report.decisions:
        allowed = sum(1 for decision in report.decisions if decision is None or decision.allowed)
        span.set_attribute("almoner.batch.allowed", allowed)
        span.set_attribute("almoner.batch.refused", len(report.decisions) - allowed)
    if report.code in FAULTS:
        span.set_attribute("error.type", report.code)
        span.set_status(Status(StatusCode.ERROR, report.message))


def _describe_decision(attribute: Callable[[str, str | bool], None], decision: Decision | None) -> None:
    attribute("almoner.allowed", decision is None or decision.allowed)
    if decision is None:
        attribute("almoner.decision", "DEGRADED")
    elif decision.reason is None:
        attribute("almoner.decision", "ALLOWED")
    else:
        attribute("almoner.decision", "REFUSED")
        attribute("almoner.reason", decision.reason.name)
        attribute("almoner.scope", decision.refused_by[0].scope.name)
