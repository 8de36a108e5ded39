"""`almoner` with a bug in it, or of another time: `python -m tests.faults.planted PLANT serve ...`."""

import sys
from collections.abc import Callable

from almoner.cli import main
from almoner_server.core import admission
from almoner_server.core.terms import RefusalReason
from almoner_server.loops import ExpireLoop
from almoner_server.store import migrate
from almoner_server.store.migrate import Migration

NEXT_VERSION = (
    "ALTER TABLE charges ADD COLUMN next_version int NOT NULL DEFAULT 0; CREATE TABLE next_version ();"
)


def no_expiry() -> None:
    """Forget to end holds whose time has run out."""

    async def run(self: ExpireLoop) -> None:
        return

    ExpireLoop.run = run  # type: ignore[method-assign]


def held_ignored() -> None:
    """Decide as if nothing were held."""
    right = admission._refusal

    def wrong(limit: int, spent: int, held: int, amount: int) -> RefusalReason | None:
        return right(limit, spent, 0, amount)

    admission._refusal = wrong


def next_version() -> None:
    """Bring one more migration along, as a later version will."""
    these = migrate.migrations()
    later = Migration(f"{len(these) + 1:04}_next_version", NEXT_VERSION)
    migrate.migrations = lambda: [*these, later]


PLANTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant for plant in (no_expiry, held_ignored, next_version)
}

if __name__ == "__main__":
    PLANTS[sys.argv.pop(1)]()
    main()
