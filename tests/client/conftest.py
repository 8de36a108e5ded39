from collections.abc import AsyncIterator, Iterator

import pytest
from almoner import Client, RetryPolicy, blocking

from tests.client.script import ScriptedServer

QUICK = RetryPolicy(initial=0.001, ceiling=0.001)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
async def quota(server: ScriptedServer) -> AsyncIterator[Client]:
    async with Client(server.address, retry=QUICK) as client:
        yield client


@pytest.fixture
def blocking_quota(server: ScriptedServer) -> Iterator[blocking.Client]:
    with blocking.Client(server.address, retry=QUICK) as client:
        yield client
