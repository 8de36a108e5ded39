"""Several who watch, as one."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from almoner_server.observe.report import CallReport, CallWatcher, Metadata


class BatchWatcher(Protocol):
    """Watches transactions."""

    def batch(
        self, size: int, longest_wait: float, contexts: Sequence[Hashable]
    ) -> AbstractContextManager[object]:
        """Return what is entered before a transaction and left after it."""


class Watcher(CallWatcher, BatchWatcher, Protocol):
    """Watches calls and transactions."""


class Together:
    """Watches with the eyes of others. The first is entered first and left last."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    @contextmanager
    def call(self, method: str, report: CallReport, metadata: Metadata) -> Iterator[None]:
        """Watch a call."""
        with ExitStack() as stack:
            for watcher in self._watchers:
                stack.enter_context(watcher.call(method, report, metadata))
            yield

    @contextmanager
    def batch(self, size: int, longest_wait: float, contexts: Sequence[Hashable]) -> Iterator[None]:
        """Watch a transaction."""
        with ExitStack() as stack:
            for watcher in self._watchers:
                stack.enter_context(watcher.batch(size, longest_wait, contexts))
            yield


def together(watchers: Sequence[Watcher]) -> Watcher | None:
    """Return one watcher for all of them; None if there are none."""
    return watchers[0] if len(watchers) == 1 else Together(watchers) if watchers else None
