"""Prometheus metrics. What is counted often is bound to its labels beforehand: that halves the cost."""

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from almoner_server.observe.report import CallReport, Metadata

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts calls, decisions and transactions."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = self._counter("calls", "Calls by method and status code", ["method", "code"])
        self._call_seconds = self._histogram("call_seconds", "How long calls took", SECONDS, ["method"])
        decisions = self._counter("decisions", "Decisions by what they were", ["decision"])
        self._decided = {
            name: decisions.labels(name) for name in ("ALLOWED", "EXHAUSTED", "BUSY", "DEGRADED")
        }
        self._batch_size = self._histogram("batch_size", "Requests in one transaction", SIZES)
        self._lane_seconds = self._histogram("lane_wait_seconds", "Longest queueing in a batch", SECONDS)
        self._database_seconds = self._histogram("database_seconds", "How long transactions took", SECONDS)
        self.expired = self._counter("holds_expired", "Holds that ended since their time ran out")
        self._bound_calls: dict[tuple[str, str], Counter] = {}
        self._bound_seconds: dict[str, Histogram] = {}

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Show the metrics over HTTP, from a thread of its own; returns what ends that. Raises OSError."""
        server, thread = start_http_server(port, host, registry=self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def gauge(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Show a number that is read whenever somebody asks."""
        Gauge(f"almoner_{name}", what, registry=self.registry).set_function(read)

    @contextmanager
    def call(self, method: str, report: CallReport, metadata: Metadata) -> Iterator[None]:
        """Count a call and what it decided."""
        del metadata
        begin = time.perf_counter()
        try:
            yield
        except BaseException:
            report.code = "CANCELLED"
            raise
        finally:
            self._seconds_of(method).observe(time.perf_counter() - begin)
            self._calls_of(method, report.code).inc()
            for decision in report.decisions:
                reason = None if decision is None else decision.reason
                name = "DEGRADED" if decision is None else reason.name if reason else "ALLOWED"
                self._decided[name].inc()

    def batch(
        self, size: int, longest_wait: float, contexts: Sequence[Hashable]
    ) -> AbstractContextManager[object]:
        """Count a transaction."""
        del contexts
        self._batch_size.observe(size)
        self._lane_seconds.observe(longest_wait)
        return self._database_seconds.time()

    def _calls_of(self, method: str, code: str) -> Counter:
        bound = self._bound_calls.get((method, code))
        if bound is None:
            bound = self._bound_calls[method, code] = self._calls.labels(method, code)
        return bound

    def _seconds_of(self, method: str) -> Histogram:
        bound = self._bound_seconds.get(method)
        if bound is None:
            bound = self._bound_seconds[method] = self._call_seconds.labels(method)
        return bound

    def _counter(self, name: str, what: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"almoner_{name}", what, labels, registry=self.registry)

    def _histogram(
        self, name: str, what: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> Histogram:
        return Histogram(f"almoner_{name}", what, labels, buckets=buckets, registry=self.registry)
