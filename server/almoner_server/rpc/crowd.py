"""How many calls may be under way at once, and how large together, so that a crowd is told and not felt."""

from almoner_server.core.errors import RequestFailed


class Crowd:
    """Counts the calls under way, those that wait for room among them, and admits so many calls and bytes."""

    def __init__(self, max_calls: int, max_bytes: int = 0) -> None:
        self._max_calls = max_calls
        self._max_bytes = max_bytes
        self._calls = 0
        self._bytes = 0

    def enter(self, size: int = 0) -> None:
        """Count in a call of so many bytes. Raises RequestFailed OVERLOADED: it is one, or they are, too many."""
        if self._calls >= self._max_calls:
            raise _overloaded(f"{self._max_calls} calls", self._max_calls)
        if self._bytes + size > self._max_bytes:
            raise _overloaded(f"calls of {self._max_bytes} bytes together", self._max_bytes)
        self._calls += 1
        self._bytes += size

    def leave(self, size: int = 0) -> None:
        """Count out a call that was counted in."""
        self._calls -= 1
        self._bytes -= size


def _overloaded(what: str, limit: int) -> RequestFailed:
    message = f"{what}, the most there may be, are under way already: try again later"
    return RequestFailed("RESOURCE_EXHAUSTED", "OVERLOADED", message, limit=str(limit))
