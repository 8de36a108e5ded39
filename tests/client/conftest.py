from collections.abc import AsyncIterator, Iterator

import pytest
from almoner import Client, RetryPolicy, blocking
from almoner.runtime.coalescing import schedule
from almoner_server.engine import Engine
from almoner_server.loops.running import running
from almoner_server.observe.report import NobodyWatches
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.server import Server, ServerOptions
from almoner_server.store import Store

from tests.client.script import Gate, ScriptedServer

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


@pytest.fixture
async def address(store: Store) -> AsyncIterator[str]:
    """Serve the authority itself and give its address."""
    backend = Backend()
    async with Engine(store) as engine, running(store, engine):
        backend.connect(store, engine)
        server = Server(backend, NobodyWatches(), ServerOptions())
        address = server.listen("127.0.0.1:0")
        await server.start()
        yield address
        await server.refuse()
        await server.stop(1)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loses patience with an RPC that the test holds up."""
    monkeypatch.setattr(schedule, "PATIENCE", 3_600)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Give a gate that holds an answer up until the test is over, if not before."""
    gate = Gate()
    yield gate
    gate.open.set()
