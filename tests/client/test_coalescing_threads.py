"""Calls of one moment from threads: the same lanes as those of tasks, with locks in the place of turns."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
import pytest
from almoner import ClientClosed, DeadlineExceeded, Decision, NotFound, RetryPolicy, blocking
from almoner.runtime.coalescing import schedule
from almoner.v1 import quota_service_pb2 as pb
from almoner.v1 import resources_pb2

from tests.client.script import UNAVAILABLE, Gate, ScriptedServer, each_checked

NONE = resources_pb2.ItemError(code=grpc.StatusCode.NOT_FOUND.value[0], reason="NAMESPACE_NOT_FOUND")


class Held:
    """Two RPCs that the server holds up, so that whoever calls now must queue, and the threads that do."""

    def __init__(self, server: ScriptedServer, pool: ThreadPoolExecutor, quota: blocking.Client) -> None:
        self.gates = (Gate(), Gate())
        self._joined = threading.Semaphore(0)
        self._pool, self._quota = pool, quota
        server.script("CheckQuota", *(gate.check for gate in self.gates))
        self.first = []
        for gate in self.gates:
            self.first += self.call("early")
            assert gate.reached.wait(10)

    def call(self, *users: str, timeout: float | None = None) -> list[Future[Decision]]:
        return [self._pool.submit(self._quota.check, user=user, timeout=timeout) for user in users]

    def queue(self, *users: str, timeout: float | None = None) -> list[Future[Decision]]:
        """Call in this order, each when the one before is in the queue."""
        calls = []
        for user in users:
            calls += self.call(user, timeout=timeout)
            assert self._joined.acquire(timeout=10)
        return calls

    def watch(self, add: Callable[..., None]) -> Callable[..., None]:
        def watched(queue: object, member: object) -> None:
            add(queue, member)
            self._joined.release()

        return watched

    def let_on(self) -> None:
        for gate in self.gates:
            gate.open.set()


@pytest.fixture
def held(
    server: ScriptedServer, blocking_quota: blocking.Client, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Held]:
    monkeypatch.setattr(schedule, "PATIENCE", 3_600)
    with ThreadPoolExecutor(16) as pool:
        held = Held(server, pool, blocking_quota)
        monkeypatch.setattr(schedule.Schedule, "add", held.watch(schedule.Schedule.add))
        yield held
        held.let_on()


def users(batch: pb.BatchCheckQuotaRequest) -> list[str]:
    return [item.subject.user for item in batch.requests]


def test_calls_one_after_the_other_go_by_themselves(
    server: ScriptedServer, blocking_quota: blocking.Client
) -> None:
    for _ in range(3):
        with blocking_quota.hold(user="u-17", tokens=1) as hold:
            hold.commit(tokens=1)
    assert [call.method for call in server.calls] == ["CheckQuota", "Commit"] * 3


def test_those_who_queue_leave_together_in_their_order(server: ScriptedServer, held: Held) -> None:
    calls = held.queue("u-1", "u-2", "u-3", "u-4")
    held.gates[0].open.set()
    assert all(call.result(10).allowed for call in calls)
    assert not held.first[1].done()
    assert [users(batch) for batch in server.sent("BatchCheckQuota")] == [["u-1", "u-2", "u-3", "u-4"]]


def test_a_bad_item_fails_alone(server: ScriptedServer, held: Held) -> None:
    def answer(request: pb.BatchCheckQuotaRequest, _: object) -> pb.BatchCheckQuotaResponse:
        answers = each_checked(request)
        answers.results[1].error.CopyFrom(NONE)
        return answers

    server.script("BatchCheckQuota", answer)
    one, bad, other = held.queue("u-1", "bad", "u-3")
    held.let_on()
    assert one.result(10).allowed
    assert other.result(10).allowed
    with pytest.raises(NotFound):
        bad.result(10)


def test_a_deadline_is_its_callers_alone(server: ScriptedServer, held: Held) -> None:
    (late,) = held.queue("late", timeout=0.02)
    (other,) = held.queue("u-2")
    with pytest.raises(DeadlineExceeded):
        late.result(10)
    assert not other.done()
    held.let_on()
    assert other.result(10).allowed
    assert not server.sent("BatchCheckQuota")  # nobody was left to go with


def test_nobody_waits_long_for_an_rpc_that_hangs(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "PATIENCE", 0.01)
    (call,) = held.call("u-1")
    assert call.result(10).allowed
    assert not any(first.done() for first in held.first)


def test_unavailable_is_sent_again_under_the_same_ids(server: ScriptedServer, held: Held) -> None:
    server.script("BatchCheckQuota", UNAVAILABLE)
    calls = held.queue("u-1", "u-2", "u-3")
    held.let_on()
    assert all(call.result(10).allowed for call in calls)
    assert users(server.sent("BatchCheckQuota")[0]) == ["u-1", "u-2", "u-3"]


def test_closing_breaks_off_those_under_way_and_those_who_queue(
    held: Held, blocking_quota: blocking.Client
) -> None:
    calls = held.first + held.queue("u-1", "u-2")
    blocking_quota.close()
    for call in calls:
        with pytest.raises(ClientClosed):
            call.result(10)


def test_a_client_told_so_lets_each_go_by_itself(server: ScriptedServer) -> None:
    gates = [Gate() for _ in range(3)]
    server.script("CheckQuota", *(gate.check for gate in gates))
    with (
        blocking.Client(server.address, coalesce=False, retry=RetryPolicy(attempts=1)) as quota,
        ThreadPoolExecutor(3) as pool,
    ):
        calls = [pool.submit(quota.check, user="u-17") for _ in gates]
        assert all(gate.reached.wait(10) for gate in gates)
        for gate in gates:
            gate.open.set()
        assert all(call.result(10).allowed for call in calls)
