"""The blocking twin: what its own primitives do, and that it has everything the async client has."""

import ast
import inspect
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import almoner
import pytest
from almoner import ClientClosed, HoldNotSettled, QuotaBusy, Unavailable, blocking
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb

from tests.client.script import SETTLED, UNAVAILABLE, Gate, ScriptedServer, refused
from tests.client.test_keep_alive import TTL


def wait_until_extended(server: ScriptedServer, times: int) -> None:
    deadline = time.monotonic() + 10
    while len(server.sent("Extend")) < times:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_the_everyday_path(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    with blocking_quota.hold(user="u-17", usd=0.25, messages=1) as hold:
        answer = hold.commit(usd="0.12", messages=1)
    assert answer.charge.amounts == {"usd_micros": 120_000, "messages": 1}
    assert [call.method for call in server.calls] == ["CheckQuota", "Commit"]


def test_an_exception_releases(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    with pytest.raises(ZeroDivisionError), blocking_quota.hold(user="u-17", tokens=1):
        raise ZeroDivisionError
    assert len(server.sent("Release")) == 1


def test_leaving_without_a_commit_is_an_error(
    server: ScriptedServer, blocking_quota: blocking.Client
) -> None:
    with pytest.raises(HoldNotSettled), blocking_quota.hold(user="u-17", tokens=1):
        pass
    assert len(server.sent("Release")) == 1


def test_a_refusal_is_raised(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    server.script("CheckQuota", refused(pb.REFUSAL_REASON_BUSY))
    with pytest.raises(QuotaBusy):
        blocking_quota.open_hold(user="u-17", tokens=1)


def test_unavailable_is_sent_again_and_ends(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    server.script("CheckQuota", UNAVAILABLE)
    assert blocking_quota.check(user="u-17").allowed
    server.script("CheckQuota", *[UNAVAILABLE] * 20)
    with pytest.raises(Unavailable) as caught:
        blocking_quota.check(user="u-17")
    assert caught.value.reason == "STORE_UNAVAILABLE"


def test_a_long_call_keeps_its_hold_alive_from_a_thread(
    server: ScriptedServer, blocking_quota: blocking.Client
) -> None:
    with blocking_quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        wait_until_extended(server, 3)
        hold.commit(tokens=1)
    for thread in threading.enumerate():
        if thread.name == "almoner-background":
            thread.join(10)
            assert not thread.is_alive()
    assert {request.hold_id for request in server.sent("Extend")} == {hold.id}


def test_a_hold_that_has_ended_is_told(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    server.script("Extend", SETTLED)
    with blocking_quota.hold(user="u-17", tokens=1, ttl=TTL) as hold:
        wait_until_extended(server, 1)
        deadline = time.monotonic() + 10
        while hold.keep_alive_error is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        hold.commit(tokens=1)
    assert len(server.sent("Commit")) == 1


OPEN_A_HOLD = """
import signal, sys
from almoner import blocking
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background inherit that it is ignored
blocking.Client(sys.argv[1]).open_hold(user="u-17", tokens=1)
"""


def test_an_interrupt_while_the_hold_opens_gives_it_back(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    command = [sys.executable, "-c", OPEN_A_HOLD, server.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert gate.reached.wait(30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    (check,) = server.sent("CheckQuota")
    assert [request.hold_id for request in server.sent("Release")] == [check.hold.id]


def test_lists_are_plain_iterators(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    server.script(
        "ListNamespaces",
        admin.ListNamespacesResponse(namespaces=[pb.Namespace(name="a")], next_page_token="2"),
        admin.ListNamespacesResponse(namespaces=[pb.Namespace(name="b")]),
    )
    assert [namespace.name for namespace in blocking_quota.admin.list_namespaces()] == ["a", "b"]


def test_many_threads_share_one_client(server: ScriptedServer, blocking_quota: blocking.Client) -> None:
    def call(number: int) -> None:
        with blocking_quota.hold(user=f"u-{number}", tokens=1) as hold:
            hold.commit(tokens=1)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(call, range(64)))
    checks = [
        *server.sent("CheckQuota"),
        *(one for batch in server.sent("BatchCheckQuota") for one in batch.requests),
    ]
    commits = [
        *server.sent("Commit"),
        *(one for batch in server.sent("BatchCommit") for one in batch.requests),
    ]
    held = {check.hold.id for check in checks}
    assert len(held) == 64
    assert {commit.hold_id for commit in commits} == held


def test_a_closed_client_says_so_also_to_a_call_under_way(server: ScriptedServer) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    quota = blocking.Client(server.address)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(quota.check, user="u-17")
        gate.reached.wait(10)
        quota.close()
        with pytest.raises(ClientClosed):
            call.result(10)
    with pytest.raises(ClientClosed):
        quota.check(user="u-17")


@pytest.mark.parametrize("name", blocking.__all__)
def test_the_twin_has_the_same_calls_with_the_same_parameters(name: str) -> None:
    twin, original = getattr(blocking, name), getattr(almoner, name)
    calls = {method for method in dir(original) if not method.startswith("_")}
    assert calls == {method for method in dir(twin) if not method.startswith("_")}
    for call in calls:
        if callable(getattr(original, call)):
            ours, theirs = (inspect.signature(getattr(kind, call)) for kind in (twin, original))
            assert list(ours.parameters.values()) == list(theirs.parameters.values())


def test_the_twin_has_no_trace_of_async() -> None:
    source = inspect.getsource(inspect.getmodule(blocking.Client) or blocking)
    assert "await " not in source
    assert not [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AsyncFunctionDef | ast.AsyncWith)
    ]
