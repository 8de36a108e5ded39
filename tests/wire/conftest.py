"""A server for every test over the wire, on a database of its own."""

from collections.abc import AsyncIterator

import grpc
import pytest
from almoner import Client
from almoner_server.app import Authority

from tests.support.clock import AuthorityClock
from tests.support.postgres import Postgres
from tests.support.server import authority


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Postgres:
    """Give the embedded PostgreSQL, or the kind that a module asks for by parametrizing this."""
    kind = getattr(request, "param", "embedded")
    server: Postgres = request.getfixturevalue(f"{kind}_postgres")
    return server


@pytest.fixture
async def server(database: str) -> AsyncIterator[Authority]:
    """Run a server in this process, with a clock that can be set."""
    async with authority(database) as running:
        yield running


@pytest.fixture
async def channel(server: Authority) -> AsyncIterator[grpc.aio.Channel]:
    """Connect to the server past the client library."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield channel


@pytest.fixture(scope="module")
async def shared_channel(postgres: Postgres) -> AsyncIterator[grpc.aio.Channel]:
    """Connect to a server that the tests of a module share, since none of them changes anything."""
    dsn = await postgres.create_database()
    async with authority(dsn) as running, grpc.aio.insecure_channel(running.address) as channel:
        yield channel
    await postgres.drop_database(dsn)


@pytest.fixture
async def quota(server: Authority) -> AsyncIterator[Client]:
    """Connect the client library to the server."""
    async with Client(server.address) as client:
        yield client


@pytest.fixture
def clock(channel: grpc.aio.Channel) -> AuthorityClock:
    """Set the server's clock."""
    return AuthorityClock(channel)
