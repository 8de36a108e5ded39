"""What says that the authority cannot be reached, so that the local allowance decides: not one hurried caller."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from almoner import Client, DeadlineExceeded, NotFound, Overloaded, Unavailable, blocking
from almoner._async import opening

from tests.client.journal.allowances import ONCE, TEN, client
from tests.client.script import UNAVAILABLE, Failure, Gate, ScriptedServer

HURRIED = 0.05
"""Seconds of a caller that gives up before anybody could know that the authority is away."""
PATIENT = 1.2
"""Seconds of a caller whose waiting tells something."""


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Give an address that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


async def test_a_deadline_too_short_for_an_answer_is_the_error_of_its_caller_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("CheckQuota", Gate().check, Gate().check)
    async with client(server.address, tmp_path) as quota:
        with pytest.raises(DeadlineExceeded):
            await quota.check(user="u-1", tokens=1, timeout=HURRIED)
        with pytest.raises(DeadlineExceeded):
            await quota.open_hold(user="u-1", tokens=1, timeout=HURRIED)
        assert not (await quota.check(user="u-1", tokens=1)).degraded


async def test_a_hurried_commit_is_kept_and_changes_nothing_for_others(
    server: ScriptedServer, tmp_path: Path
) -> None:
    gate = Gate()
    server.script("Commit", gate.commit)
    async with client(server.address, tmp_path) as quota:
        assert (await quota.charge(user="u-1", tokens=1, timeout=HURRIED)).pending
        gate.open.set()
        assert not (await quota.check(user="u-1", tokens=1)).degraded
        assert not (await quota.charge(user="u-1", tokens=1)).pending


async def test_an_authority_that_never_answers_leads_to_the_allowance(
    black_hole: str, tmp_path: Path
) -> None:
    async with client(black_hole, tmp_path) as quota:
        assert (await quota.check(user="u-1", tokens=1, timeout=PATIENT)).degraded
        begin = time.monotonic()
        for _ in range(10):
            assert (await quota.open_hold(user="u-1", tokens=1, timeout=PATIENT)).degraded
        assert time.monotonic() - begin < 2 * PATIENT  # one of them may have tried again
        with pytest.raises(Unavailable):
            await quota.open_hold(user="u-1", tokens=1, timeout=PATIENT)


async def test_a_hurried_hold_tells_by_its_release(
    black_hole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "ABANDON_TIMEOUT", PATIENT)
    async with client(black_hole, tmp_path) as quota:
        with pytest.raises(DeadlineExceeded):
            await quota.open_hold(user="u-1", tokens=1, timeout=HURRIED)
        assert (await quota.open_hold(user="u-1", tokens=1, timeout=HURRIED)).degraded


async def test_a_commit_that_never_gets_an_answer_leads_to_it_too(black_hole: str, tmp_path: Path) -> None:
    async with client(black_hole, tmp_path) as quota:
        assert (await quota.charge(user="u-1", tokens=1, timeout=PATIENT)).pending
        assert (await quota.check(user="u-1", tokens=1, timeout=HURRIED)).degraded


async def test_a_slow_answer_is_no_outage_while_other_calls_get_theirs(
    server: ScriptedServer, tmp_path: Path
) -> None:
    gate = Gate()
    server.script("CheckQuota", gate.check)
    async with client(server.address, tmp_path) as quota:
        slow = asyncio.create_task(quota.check(user="u-1", tokens=1, timeout=PATIENT))
        await asyncio.to_thread(gate.reached.wait, 10)
        while not slow.done():
            assert not (await quota.charge(user="u-2", tokens=1)).pending
        with pytest.raises(DeadlineExceeded):
            await slow
        assert not (await quota.check(user="u-1", tokens=1)).degraded


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Failure(grpc.StatusCode.NOT_FOUND, reason="NAMESPACE_NOT_FOUND"), NotFound),
        (Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED"), Overloaded),
    ],
)
async def test_an_error_is_an_answer_and_ends_an_outage(
    server: ScriptedServer, tmp_path: Path, answer: Failure, error: type[Exception]
) -> None:
    server.script("CheckQuota", UNAVAILABLE, answer)
    async with client(server.address, tmp_path) as quota:
        assert (await quota.check(user="u-1", tokens=1)).degraded
        await until_raised(quota, error)
        assert not (await quota.check(user="u-1", tokens=1)).degraded


async def until_raised(quota: Client, error: type[Exception]) -> None:
    """Check until the authority is tried again, and answers with this error."""
    async with asyncio.timeout(10):
        while True:
            try:
                assert (await quota.check(user="u-1", tokens=1)).degraded
            except error:
                return
            await asyncio.sleep(0.02)


async def test_an_overloaded_authority_is_asked(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("Commit", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED"))
    async with client(server.address, tmp_path) as quota:
        assert (await quota.charge(user="u-1", tokens=1)).pending
        assert not (await quota.check(user="u-1", tokens=1)).degraded


def test_the_blocking_client_does_the_same(server: ScriptedServer, black_hole: str, tmp_path: Path) -> None:
    server.script("CheckQuota", Gate().check)
    for address in server.address, black_hole:
        with blocking.Client(
            address, journal=tmp_path / address, on_unreachable=TEN, retry=ONCE, timeout=PATIENT
        ) as quota:
            with pytest.raises(DeadlineExceeded):
                quota.check(user="u-1", tokens=1, timeout=HURRIED)
            assert quota.check(user="u-1", tokens=1).degraded is (address == black_hole)
