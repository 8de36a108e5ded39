"""Whatever is sent, the answer is a caller's mistake or an answer, and a refused call leaves nothing behind."""

import os
from collections import Counter
from datetime import UTC, datetime

import asyncpg
import grpc
from almoner import Client
from almoner.v1 import quota_service_pb2
from almoner_server.store import Store

from tests.hostile.conftest import Watched
from tests.hostile.inputs import METHODS, UUID, Inputs
from tests.hostile.raw import Answer, call, digest
from tests.support.clock import AuthorityClock

SEED = int(os.environ.get("ALMONER_FUZZ_SEED", "20261123"))
COUNT = int(os.environ.get("ALMONER_FUZZ_COUNT", "2500"))
EXPECTED = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED"}
CHECK = next(method for method in METHODS if method.name == "CheckQuota")


async def require_well(server: Watched, database: str) -> None:
    """Check that the server answers, its books are right, and its log has no bug in it."""
    async with Client(server.address) as quota, quota.hold(user="after", tokens=5) as hold:
        await hold.commit(tokens=4)
    store = await Store.open(database)
    assert (await store.upkeep.verify()).findings == ()
    await store.close()
    log = await server.log()
    assert "Traceback" not in log, log[-3_000:]
    assert "incident" not in log


async def test_no_input_is_a_fault_of_the_server_and_refused_input_leaves_nothing(
    server: Watched, channel: grpc.aio.Channel, database: str
) -> None:
    await AuthorityClock(channel).set(datetime(2026, 3, 11, 10, tzinfo=UTC))  # nothing happens by itself
    store = await asyncpg.connect(database)
    answers: list[Answer] = []
    before = await digest(store)
    for method, raw in Inputs(SEED).requests(COUNT):
        answer = await call(channel, method, raw)
        answers.append(answer)
        after = await digest(store)
        assert answer.stores or after == before, f"{answer} of {raw[:200]!r} left something behind"
        before = after
    await store.close()
    codes = Counter(answer.code for answer in answers)
    assert set(codes) <= EXPECTED, [answer for answer in answers if answer.code not in EXPECTED][:5]
    assert all(answer.explained for answer in answers)
    assert codes["OK"] > 50, codes  # else it never got past the first validation
    refused = {answer.method for answer in answers if answer.code == "INVALID_ARGUMENT"}
    assert refused == {method.name for method in METHODS}
    await require_well(server, database)


async def test_services_of_grpc_itself_bear_rubbish(
    server: Watched, channel: grpc.aio.Channel, database: str
) -> None:
    inputs = Inputs(SEED)
    for path in (
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/almoner.v1.QuotaService/NoSuchMethod",
        "/no.Such/Thing",
        "/",
    ):
        send: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(path)
        for _, raw in inputs.requests(40):
            stream = send(timeout=10)
            try:
                await stream.write(raw)
                await stream.done_writing()
                async for _answer in stream:
                    pass
            except (grpc.aio.AioRpcError, grpc.aio.UsageError):
                pass  # gRPC's own parsing: an error is its right, a dead server is not
    await require_alive(server)


async def require_alive(server: Watched) -> None:
    async with Client(server.address) as quota:
        await quota.charge(user="after", tokens=1)


async def test_metadata_of_any_kind_is_borne(
    server: Watched, channel: grpc.aio.Channel, database: str
) -> None:
    request = quota_service_pb2.CheckQuotaRequest(namespace="default")
    request.subject.user = "u-1"
    raw = request.SerializeToString()
    for metadata in (
        (("traceparent", "rubbish"),),
        (("traceparent", "00-" + "f" * 32 + "-" + "f" * 16 + "-ff"), ("tracestate", "=" * 500)),
        (("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-00"),) * 50,
        (("baggage", "a=" + "%" * 1_000),),
        (("x-bin", b"\x00\xff" * 500),),
        tuple((f"key-{number}", "v") for number in range(100)),
    ):
        assert (await call(channel, CHECK, raw, metadata)).code == "OK"
    flood = tuple((f"key-{number}", "v" * 1_000) for number in range(200))
    assert (await call(channel, CHECK, raw, flood)).code in ("RESOURCE_EXHAUSTED", "OK")
    await require_well(server, database)


async def test_a_tree_deeper_than_allowed_is_refused_at_its_level(server: Watched) -> None:
    async with Client(server.address) as quota:
        for level in range(1, 33):
            await quota.charge(
                user="u", chat=f"c{level}", parent=f"c{level - 1}" if level > 1 else None, tokens=1
            )
        requests = quota_service_pb2.CommitRequest(namespace="default", charge_id=UUID)
        requests.subject.user = "u"
        requests.amounts["tokens"] = 1
        requests.chat.id, requests.chat.parent_id = "c33", "c32"
        async with grpc.aio.insecure_channel(server.address) as channel:
            method = next(method for method in METHODS if method.name == "Commit")
            answer = await call(channel, method, requests.SerializeToString())
    assert (answer.code, "32" in answer.message) == ("FAILED_PRECONDITION", True)
