"""A client span for each call, and its context in the call's metadata, if the program traces.

OpenTelemetry is never imported from here unless the program did it first: without it there is no active span
to continue, and nothing to do.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from almoner.address import split_address
from almoner.errors import CallError

if TYPE_CHECKING:
    from opentelemetry.trace import Span

Metadata = tuple[tuple[str, str], ...]


@contextmanager
def client_span(method: str, address: str) -> Iterator[Metadata]:
    """Wrap one call, with all its attempts, in a CLIENT span below the active one.

    The attributes are those of the RPC conventions of OpenTelemetry.

    Args:
        method: The full name, `package.Service/Method`.
        address: The server's.

    Yields:
        The metadata that carries the context to the server: empty if no span is active.
    """
    if "opentelemetry.trace" not in sys.modules:
        yield ()
        return
    from opentelemetry import propagate, trace

    if not trace.get_current_span().get_span_context().is_valid:
        yield ()
        return
    tracer = trace.get_tracer("almoner.client")
    with tracer.start_as_current_span(
        method,
        kind=trace.SpanKind.CLIENT,
        attributes=_attributes(method, address),
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
