"""What every test may ask for: a PostgreSQL server, one for each worker, and a new database on it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from almoner_server.store import Store

from tests.support.postgres import SYSTEM_FOLDERS, Postgres, system_binaries
from tests.support.server import end_those_left


def pytest_sessionfinish() -> None:
    """Leave no server behind, whatever became of its test."""
    end_those_left()


@pytest.fixture(scope="session")
def embedded_postgres() -> Iterator[Postgres]:
    """Run the PostgreSQL that the authority brings along, for the whole session."""
    with Postgres.embedded() as server:
        yield server


@pytest.fixture(scope="session")
def system_postgres() -> Iterator[Postgres]:
    """Run the newest PostgreSQL of the machine itself, for the whole session."""
    binaries = system_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL 15 or later in {SYSTEM_FOLDERS}")
    with Postgres(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def postgres(embedded_postgres: Postgres) -> Postgres:
    """Give the server that `database` is made on. Overridden where tests run on several kinds."""
    return embedded_postgres


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[str]:
    """Make a migrated database for one test and give its DSN."""
    dsn = await postgres.create_database()
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """Open a store on a new database."""
    store = await Store.open(database)
    yield store
    await store.close()
