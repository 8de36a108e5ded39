"""Switch traces and metrics on: in the server's main only, and only if they are installed and asked for."""

import importlib.util
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from almoner_server.observe.watchers import Watcher, together

if TYPE_CHECKING:
    from almoner_server.observe.metrics import Metrics
    from almoner_server.observe.tracing import Tracing

logger = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class ObserveError(Exception):
    """Says why something that was asked for cannot be shown."""


class Observation:
    """Holds what watches the server: nothing at first."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []
        self._metrics: Metrics | None = None
        self._cleanup = ExitStack()

    @property
    def watcher(self) -> Watcher | None:
        """Return who watches; None if nobody does."""
        return together(self._watchers)

    def show_engine(self, *, queued: Callable[[], float], waiting: Callable[[], float]) -> None:
        """Show how many requests are queued and how many callers wait for room."""
        if self._metrics is not None:
            self._metrics.gauge("queued", "Requests that wait for their transaction", queued)
            self._metrics.gauge("waiting", "Callers that wait for room", waiting)

    def expired(self, count: int) -> None:
        """Count holds that were ended since their time ran out."""
        if self._metrics is not None:
            self._metrics.expired.inc(count)

    def trace(self, environment: Mapping[str, str], version: str) -> None:
        """Make spans if the OTEL_ variables ask for them."""
        if not tracing_is_wanted(environment):
            return
        try:
            tracing, shutdown = _tracing(environment, version)
        except ImportError as error:
            logger.warning("the OTEL_ variables ask for traces, but %s: pip install 'almoner[otel]'", error)
            return
        self._watchers.insert(0, tracing)
        self._cleanup.callback(shutdown)

    def count(self, host: str, port: int) -> None:
        """Show metrics at http://host:port/metrics. Raises ObserveError."""
        if importlib.util.find_spec("prometheus_client") is None:
            raise ObserveError("metrics were asked for, but almoner[metrics] is not installed")
        from almoner_server.observe.metrics import Metrics

        self._metrics = Metrics()
        try:
            self._cleanup.callback(self._metrics.serve(host, port))
        except OSError as error:
            raise ObserveError(f"cannot show metrics on {host}:{port}: {error.strerror or error}") from error
        self._watchers.append(self._metrics)

    def close(self) -> None:
        """Send off the last spans and stop showing metrics."""
        self._cleanup.close()


def tracing_is_wanted(environment: Mapping[str, str]) -> bool:
    """Tell whether the OTEL_ variables ask for traces: an endpoint, or an exporter, and not switched off."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return exporter != "none"
    return any(environment.get(name) for name in _ENDPOINTS)


def _tracing(environment: Mapping[str, str], version: str) -> "tuple[Tracing, Callable[[], None]]":
    """Return what makes spans, and what sends off the last ones. The SDK reads the other OTEL_ variables."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

    from almoner_server.observe.tracing import Tracing

    exporter: SpanExporter
    match environment.get("OTEL_TRACES_EXPORTER", "").strip().lower():
        case "" | "otlp":
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
        case "console":
            exporter = ConsoleSpanExporter()
        case other:
            raise ObserveError(f"OTEL_TRACES_EXPORTER: {other!r} is none of otlp, console, none")
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": "almoner"}
    provider = TracerProvider(resource=Resource.create({**named, "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider.get_tracer("almoner_server", version)), provider.shutdown
