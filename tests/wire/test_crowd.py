"""One call too many is told so, and which limit it met."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from almoner import Client, Overloaded, Period, RetryPolicy, Target
from almoner.v1.quota_service_pb2 import CheckQuotaRequest
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from almoner_server.engine import Engine
from almoner_server.observe.report import NobodyWatches
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.server import Server, ServerOptions
from almoner_server.store import Store

from tests.engine.eventually import eventually
from tests.support.failures import failure_of


@pytest.fixture
async def engine(store: Store) -> AsyncIterator[Engine]:
    async with Engine(store) as engine:
        yield engine


@pytest.fixture
async def address(store: Store, engine: Engine) -> AsyncIterator[str]:
    """Serve three calls at once, of 10,000 bytes together."""
    backend = Backend()
    backend.connect(store, engine)
    server = Server(backend, NobodyWatches(), ServerOptions(max_calls=3, max_call_bytes=10_000))
    listening = server.listen("127.0.0.1:0")
    await server.start()
    yield listening
    await server.refuse()
    await server.stop(1)


async def test_the_limit_on_calls_under_way_is_named_and_holds_until_one_ends(
    address: str, engine: Engine
) -> None:
    request = CheckQuotaRequest(namespace="default")
    request.subject.user = "u-2"
    async with (
        Client(address, retry=RetryPolicy(attempts=1)) as quota,
        grpc.aio.insecure_channel(address) as channel,
    ):
        check = QuotaServiceStub(channel).CheckQuota
        await quota.admin.set_limit(Target.user("u-1"), unit="tokens", period=Period.LIFETIME, amount=1)
        await quota.open_hold(user="u-1", tokens=1)
        waiting = [asyncio.create_task(quota.open_hold(user="u-1", tokens=1, wait=60)) for _ in range(3)]
        await eventually(lambda: engine.waiting == 3)
        failure = await failure_of(check(request))
        assert (failure.code, failure.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        assert failure.metadata == {"limit": "3"}
        assert "3 calls" in failure.message
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await eventually(lambda: engine.waiting == 0)
        assert (await check(request)).decision.allowed


async def test_the_bytes_of_calls_under_way_are_bounded_until_one_ends(address: str, engine: Engine) -> None:
    async with Client(address, retry=RetryPolicy(attempts=1)) as quota:
        await quota.admin.set_limit(Target.user("u-1"), unit="tokens", period=Period.LIFETIME, amount=1)
        hold = await quota.open_hold(user="u-1", tokens=1)
        large = {"why": "x" * 6_000}
        waiting = asyncio.create_task(quota.open_hold(user="u-1", tokens=1, wait=60, attributes=large))
        await eventually(lambda: engine.waiting == 1)
        with pytest.raises(Overloaded, match="10000 bytes together"):
            await quota.check(user="u-2", tokens=1, attributes=large)
        assert (await quota.check(user="u-2", tokens=1)).allowed
        await hold.release()
        await (await waiting).release()
        assert (await quota.check(user="u-2", tokens=1, attributes=large)).allowed
