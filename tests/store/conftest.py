"""The store is tested on the PostgreSQL that the authority brings along and on the machine's own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from almoner_server.store import Store

from tests.support.postgres import Postgres


@pytest.fixture(scope="session", params=["embedded", "system"])
def postgres(request: pytest.FixtureRequest) -> Postgres:
    server: Postgres = request.getfixturevalue(f"{request.param}_postgres")
    return server


@pytest.fixture
async def replica(database: str) -> AsyncIterator[Store]:
    """Open a second store on the test's database, as another server process would."""
    store = await Store.open(database)
    yield store
    await store.close()


@pytest.fixture
async def sql(database: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Connect to the test's database past the store."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()
