"""An authority for the examples to talk to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from almoner_server.app import Authority
from almoner_server.config import Config
from almoner_server.store import Store

NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)


@pytest.fixture
async def address(database: str, store: Store) -> AsyncIterator[str]:
    """Serve where it is always ten in the morning: no window ends during a test."""
    await store.clock.freeze(NOW)
    async with Authority(Config(listen="127.0.0.1:0", database_url=database)) as authority:
        yield authority.address
