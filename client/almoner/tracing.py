"""A client span for each call, and its context in the call's metadata, if the program traces.

OpenTelemetry is never imported from here unless the program did it first: without it there is no active span
to continue, and nothing to do.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from almoner.address import split_address
from almoner.errors import CallError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span

Metadata = tuple[tuple[str, str], ...]
_UNTRACED: AbstractContextManager[Metadata] = nullcontext(())


def client_span(method: str, address: str) -> AbstractContextManager[Metadata]:
    """Wrap one call, with all its attempts, in a CLIENT span below the active one.

    The attributes are those of the RPC conventions of OpenTelemetry.

    Args:
        method: The full name, `package.Service/Method`.
        address: The server's.

    Returns:
        What gives the metadata that carries the context to the server: empty if no span is active.
    """
    if "opentelemetry.trace" not in sys.modules:
        return _UNTRACED
    from opentelemetry import trace

    if not trace.get_current_span().get_span_context().is_valid:
        return _UNTRACED
    return _span(method, address)


def active_span() -> "Span | None":
    """Give the span of the call under way; None if the program does not trace."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace

    return trace.get_current_span()


def batch_span(method: str, address: str, members: "Sequence[Span]") -> AbstractContextManager[Metadata]:
    """Wrap calls that travel together in a CLIENT span, below the first that is recorded, linked with the others.

    Args:
        method: The full name, `package.Service/Method`.
        address: The server's.
        members: The spans of those calls that have one.

    Returns:
        What gives the metadata that carries the context to the server: empty if there are no members.
    """
    return _linked_span(method, address, members) if members else _UNTRACED


@contextmanager
def _linked_span(method: str, address: str, members: "Sequence[Span]") -> Iterator[Metadata]:
    from opentelemetry import trace

    parent = next((span for span in members if span.is_recording()), members[0])
    others = [span for span in members if span is not parent]
    links = [trace.Link(span.get_span_context()) for span in others]
    with _span(method, address, context=trace.set_span_in_context(parent), links=links) as metadata:
        for span in others:
            span.add_link(trace.get_current_span().get_span_context())
        yield metadata


@contextmanager
def _span(
    method: str, address: str, context: "Context | None" = None, links: "Sequence[Link]" = ()
) -> Iterator[Metadata]:
    from opentelemetry import propagate, trace

    tracer = trace.get_tracer("almoner.client")
    with tracer.start_as_current_span(
        method,
        context=context,
        kind=trace.SpanKind.CLIENT,
        attributes=_attributes(method, address),
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        try:
            yield tuple(carrier.items())
        except BaseException as error:
            _mark_failed(span, error)
            raise
        span.set_attribute("rpc.response.status_code", "OK")


def _attributes(method: str, address: str) -> dict[str, str | int]:
    host, port = split_address(address)
    attributes: dict[str, str | int] = {
        "rpc.system.name": "grpc",
        "rpc.method": method,
        "server.address": host,
    }
    if port is not None:
        attributes["server.port"] = port
    return attributes


def _mark_failed(span: "Span", error: BaseException) -> None:
    from opentelemetry.trace import StatusCode

    code = error.code if isinstance(error, CallError) else None
    if code is not None:
        span.set_attribute("rpc.response.status_code", code)
    span.set_attribute("error.type", code or type(error).__qualname__)
    span.set_status(StatusCode.ERROR, str(error))
