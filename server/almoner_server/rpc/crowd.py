"""How many calls may be under way at once, so that a crowd is told and not felt."""

from almoner_server.core.errors import RequestFailed


class Crowd:
    """Counts the calls under way, those that wait for room among them, and admits so many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._present = 0

    def enter(self) -> None:
        """Count a call in. Raises RequestFailed OVERLOADED: it is one too many."""
        if self._present >= self._limit:
            message = f"{self._limit} calls, the most there may be, are under way already: try again later"
            raise RequestFailed("RESOURCE_EXHAUSTED", "OVERLOADED", message, limit=str(self._limit))
        self._present += 1

    def leave(self) -> None:
        """Count out a call that was counted in."""
        self._present -= 1
