import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from almoner import (
    Client,
    ClientClosed,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    Overloaded,
    RetryPolicy,
    ServiceError,
    Unavailable,
)
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb

from tests.client.script import UNAVAILABLE, Failure, Gate, ScriptedServer


async def test_unavailable_is_sent_again_with_the_same_ids(server: ScriptedServer, quota: Client) -> None:
    server.script("CheckQuota", UNAVAILABLE, UNAVAILABLE)
    hold = await quota.open_hold(user="u-17", usd=0.25)
    sent = server.sent("CheckQuota")
    assert len(sent) == 3
    assert {request.hold.id for request in sent} == {hold.id}


async def test_a_call_that_a_stopping_server_broke_off_is_sent_again_with_the_same_ids(
    server: ScriptedServer, quota: Client
) -> None:
    server.script("CheckQuota", Failure(grpc.StatusCode.CANCELLED, "the server stops"))
    hold = await quota.open_hold(user="u-17", usd=0.25)
    assert [request.hold.id for request in server.sent("CheckQuota")] == [hold.id] * 2


async def test_a_call_that_is_broken_off_again_and_again_is_unavailable(server: ScriptedServer) -> None:
    server.script("CheckQuota", *[Failure(grpc.StatusCode.CANCELLED)] * 10)
    async with Client(server.address, retry=RetryPolicy(attempts=3, initial=0.001)) as quota:
        with pytest.raises(Unavailable) as caught:
            await quota.check(user="u-17")
    assert len(server.sent("CheckQuota")) == 3
    assert caught.value.code == "CANCELLED"


async def test_a_direct_charge_keeps_the_id_it_was_first_sent_under(
    server: ScriptedServer, quota: Client
) -> None:
    server.script("Commit", UNAVAILABLE)
    committed = await quota.charge(user="u-17", tokens=5)
    assert {request.charge_id for request in server.sent("Commit")} == {committed.charge.id}


async def test_repetition_ends_after_the_attempts_allowed(server: ScriptedServer) -> None:
    server.script("CheckQuota", *[UNAVAILABLE] * 10)
    async with Client(server.address, retry=RetryPolicy(attempts=3, initial=0.001)) as quota:
        with pytest.raises(Unavailable) as caught:
            await quota.check(user="u-17")
    assert len(server.sent("CheckQuota")) == 3
    assert caught.value.reason == "STORE_UNAVAILABLE"


async def test_repetition_ends_before_the_timeout(server: ScriptedServer) -> None:
    server.script("CheckQuota", *[UNAVAILABLE] * 10)
    async with Client(server.address, timeout=5, retry=RetryPolicy(initial=60, ceiling=60)) as quota:
        with pytest.raises(Unavailable):
            await quota.check(user="u-17")
    assert len(server.sent("CheckQuota")) == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.FAILED_PRECONDITION, FailedPrecondition),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Overloaded),
        (grpc.StatusCode.UNIMPLEMENTED, ServiceError),
    ],
)
async def test_other_errors_are_not_sent_again(
    server: ScriptedServer, quota: Client, code: grpc.StatusCode, error: type[Exception]
) -> None:
    server.script("CheckQuota", Failure(code))
    with pytest.raises(error):
        await quota.check(user="u-17")
    assert len(server.sent("CheckQuota")) == 1


async def test_an_error_tells_what_the_server_told(server: ScriptedServer, quota: Client) -> None:
    metadata = {"field": "amounts[tokens]", "value": "-1", "limit": "0 to 10000000000000"}
    server.script(
        "CheckQuota",
        Failure(grpc.StatusCode.INVALID_ARGUMENT, "amounts[tokens]: -1", "AMOUNT_OUT_OF_RANGE", metadata),
    )
    with pytest.raises(InvalidArgument) as caught:
        await quota.check(user="u-17")
    error = caught.value
    assert (error.code, error.reason, error.message) == (
        "INVALID_ARGUMENT",
        "AMOUNT_OUT_OF_RANGE",
        "amounts[tokens]: -1",
    )
    assert (error.field, error.metadata) == ("amounts[tokens]", metadata)


async def test_an_error_that_is_not_almoners_has_no_reason(server: ScriptedServer, quota: Client) -> None:
    server.script("CheckQuota", Failure(grpc.StatusCode.PERMISSION_DENIED, "a proxy says no"))
    with pytest.raises(ServiceError) as caught:
        await quota.check(user="u-17")
    assert (caught.value.code, caught.value.reason, caught.value.field) == ("PERMISSION_DENIED", "", None)


async def test_the_wait_comes_on_top_of_the_timeout(server: ScriptedServer) -> None:
    async with Client(server.address, timeout=20) as quota:
        await quota.check(user="u-17", wait=timedelta(seconds=30))
        await quota.check(user="u-17", wait=5, timeout=3)
        await quota.check(user="u-17")
    waits = [call.request.wait.ToTimedelta().total_seconds() for call in server.calls]
    assert waits == [30, 5, 0]
    assert [round(call.seconds_left) for call in server.calls] == [50, 8, 20]


async def test_a_server_that_does_not_answer_in_time_is_a_timeout(server: ScriptedServer) -> None:
    server.script("CheckQuota", Gate().check)
    async with Client(server.address, timeout=0.1) as quota:
        with pytest.raises(DeadlineExceeded) as caught:
            await quota.check(user="u-17")
    assert isinstance(caught.value, TimeoutError)


async def test_where_nobody_listens_the_error_says_unavailable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, and nobody listens
        address = f"127.0.0.1:{reserved.getsockname()[1]}"
        async with Client(address, retry=RetryPolicy(attempts=2, initial=0.001)) as quota:
            with pytest.raises(Unavailable):
                await quota.check(user="u-17")


def connections_to(port: int) -> Iterator[socket.socket]:
    """Give this process's own connections to a port."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError), socket.socket(fileno=os.dup(int(path.name))) as connection:
            if connection.family != socket.AF_UNIX and connection.getpeername()[1] == port:
                yield connection


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has TCP_USER_TIMEOUT")
async def test_a_connection_ends_soon_after_its_server_vanished(
    server: ScriptedServer, quota: Client
) -> None:
    await quota.check(user="u-17")
    connections = connections_to(int(server.address.rpartition(":")[2]))
    timeouts = [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) for each in connections]
    assert timeouts == [5_000]


async def test_a_server_that_comes_back_is_found_within_the_call(server: ScriptedServer) -> None:
    async with Client(server.address) as quota:
        await quota.check(user="u-17")
        server.stop()
        call = asyncio.create_task(quota.open_hold(user="u-17", tokens=1))
        await asyncio.sleep(0.1)
        with ScriptedServer(server.address) as successor:
            hold = await call
    assert [request.hold.id for request in successor.sent("CheckQuota")] == [hold.id]


async def test_a_call_under_way_when_its_server_stops_is_answered_by_the_next(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    async with Client(server.address) as quota:
        call = asyncio.create_task(quota.open_hold(user="u-17", tokens=1))
        await asyncio.to_thread(gate.reached.wait)
        await asyncio.to_thread(server.stop)
        with ScriptedServer(server.address) as successor:
            hold = await call
    assert [request.hold.id for request in successor.sent("CheckQuota")] == [hold.id]


async def test_a_closed_client_says_so(server: ScriptedServer) -> None:
    quota = Client(server.address)
    await quota.check(user="u-17")
    await quota.close()
    await quota.close()
    with pytest.raises(ClientClosed):
        await quota.check(user="u-17")


async def test_a_call_under_way_when_the_client_is_closed_says_so(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    quota = Client(server.address)
    call = asyncio.create_task(quota.check(user="u-17"))
    await asyncio.to_thread(gate.reached.wait)
    await quota.close()
    with pytest.raises(ClientClosed):
        await call


async def test_a_task_cancelled_as_its_client_closes_is_cancelled(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    quota = Client(server.address)
    call = asyncio.create_task(quota.check(user="u-17"))
    await asyncio.to_thread(gate.reached.wait)
    call.cancel()
    await quota.close()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_the_address_comes_from_the_environment(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALMONER_SERVER", server.address)
    async with Client(namespace="prod") as quota:
        assert (await quota.check(user="u-17")).allowed
        assert quota.address == server.address
    assert server.sent("CheckQuota")[0].namespace == "prod"


def test_without_anything_the_address_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALMONER_SERVER", raising=False)
    assert Client().address == "127.0.0.1:50051"


async def test_an_answer_above_the_default_of_grpc_arrives(server: ScriptedServer, quota: Client) -> None:
    charges = [pb.Charge(id=str(number), attributes={"k": "x" * 8_000}) for number in range(1_000)]
    page = admin.ListChargesResponse(charges=charges)
    assert page.ByteSize() > 4 << 20
    server.script("ListCharges", page)
    assert len([charge async for charge in quota.admin.list_charges(page_size=1_000)]) == 1_000
