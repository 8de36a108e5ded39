"""An authority for the examples to talk to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from almoner_server.store import Store

from tests.support.server import authority

NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)
SECONDS_TO_MIDNIGHT = 14 * 3600


@pytest.fixture
async def address(database: str, store: Store) -> AsyncIterator[str]:
    """Serve where it is always ten in the morning: no window ends during a test."""
    await store.clock.freeze(NOW)
    async with authority(database) as running:
        yield running.address
