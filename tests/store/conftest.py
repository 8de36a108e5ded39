"""The store is tested on the PostgreSQL that the authority brings along and on the machine's own."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import SYSTEM_FOLDERS, Postgres, system_binaries


@pytest.fixture(scope="session")
def system_postgres() -> Iterator[Postgres]:
    binaries = system_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL 15 or later in {SYSTEM_FOLDERS}")
    with Postgres(binaries) as server:
        yield server


@pytest.fixture(scope="session", params=["embedded", "system"])
def postgres(request: pytest.FixtureRequest) -> Postgres:
    server: Postgres = request.getfixturevalue(f"{request.param}_postgres")
    return server
