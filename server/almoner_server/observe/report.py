"""What a call tells about itself while it runs, for traces and metrics."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from almoner_server.core.requests import Decision

Metadata = Callable[[], Iterable[tuple[str, str | bytes]] | None]
"""Gives what the caller sent besides the request."""
DEGRADED = None
"""Stands in `decisions` for a check that was allowed since the store could not be asked."""


class CallReport:
    """Is filled in by the call and read by whoever watches."""

    __slots__ = ("code", "context", "decisions", "message", "namespace")

    def __init__(self) -> None:
        self.namespace = ""
        self.decisions: Sequence[Decision | None] = ()
        """What was decided: one for a check, several for a batch of them."""
        self.code = "OK"
        self.message = ""
        self.context: Hashable | None = None
        """What the engine passes on to whoever watches the transactions."""


class CallWatcher(Protocol):
    """Watches calls."""

    def call(self, method: str, report: CallReport, metadata: Metadata) -> AbstractContextManager[object]:
        """Return what is entered before the call of `method` (package.Service/Method) and left after it."""


class NobodyWatches:
    """Watches nothing: two attribute look-ups a call is all it costs."""

    _nothing = nullcontext()

    def call(self, method: str, report: CallReport, metadata: Metadata) -> AbstractContextManager[object]:
        """Do nothing."""
        del method, report, metadata
        return self._nothing
