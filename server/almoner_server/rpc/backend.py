"""What the services work on: the engine and the store, once there are any and as long as there are."""

from almoner_server.core.requests import Check
from almoner_server.engine import Engine
from almoner_server.engine.errors import shutting_down
from almoner_server.store import Store, StoreUnavailable


class Backend:
    """Gives the services their engine and store.

    A server may serve before its database was ever reached: until then both raise StoreUnavailable, as they
    do while it is away. After `close` every new call hears that the server is about to stop.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._store: Store | None = None
        self._closed = False
        self.turned_away = 0
        """Calls that came after `close`."""

    def connect(self, store: Store, engine: Engine) -> None:
        """Take the store into service, with the engine that works on it."""
        self._store, self._engine = store, engine

    def close(self) -> None:
        """Take no new call any more."""
        self._closed = True

    def require_open(self) -> None:
        """Raise RequestFailed SHUTTING_DOWN after `close`."""
        if self._closed:
            self.turned_away += 1
            raise shutting_down()

    @property
    def engine(self) -> Engine:
        """Return the engine. Raises StoreUnavailable as long as there is none."""
        if self._engine is None:
            raise _not_reached()
        return self._engine

    @property
    def store(self) -> Store:
        """Return the store. Raises StoreUnavailable as long as there is none."""
        if self._store is None:
            raise _not_reached()
        return self._store

    def require_known_units(self, check: Check) -> None:
        """Raise RequestFailed for a unit that the namespace does not count, as far as this process remembers.

        For checks that are answered without the store: docs/semantics.md, Errors.
        """
        if self._store is not None:
            self._store.require_remembered_units(check)

    async def answers(self) -> bool:
        """Ask the store for a sign of life."""
        try:
            await self.store.ping()
        except StoreUnavailable:
            return False
        return self.engine.available


def _not_reached() -> StoreUnavailable:
    return StoreUnavailable("the store is unavailable: it has not been reached since the server started")
