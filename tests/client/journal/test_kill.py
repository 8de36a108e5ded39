"""Callers and the authority are killed at any moment: every commit is in the ledger, once."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from almoner import Client, blocking

from tests.client.journal.callers import Caller, caller, counts, look, replayer, until
from tests.client.journal.entries import leave, waiting_commit
from tests.client.script import Gate, ScriptedServer
from tests.support.server import ServerProcess, run_server


class Mortal:
    """Is an authority that can be killed and comes back at the same address."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._server: ServerProcess | None = None
        self.address = "127.0.0.1:0"

    async def start(self) -> None:
        self._server = await run_server("--database-url", self._dsn, listen=self.address)
        self.address = self._server.address

    async def kill(self) -> None:
        if self._server is not None:
            await self._server.terminate(signal.SIGKILL)


@pytest.fixture
async def authority(database: str) -> AsyncIterator[Mortal]:
    mortal = Mortal(database)
    await mortal.start()
    yield mortal
    await mortal.kill()


async def replay(address: str, directory: Path) -> None:
    async with Client(address, journal=directory) as quota:
        await quota.replay_journal()


async def booked(address: str) -> list[str]:
    """Give the ids of all charges; and look that the sum of each user is that of its charges."""
    async with Client(address) as quota:
        charges = [charge async for charge in quota.admin.list_charges(page_size=1_000)]
        for user in {charge.subject.user for charge in charges}:
            (account,) = (await quota.status(user=user)).accounts
            spent = max(usage.spent for usage in account.usages if usage.unit == "tokens")
            assert spent == sum(charge.subject.user == user for charge in charges)
    return [charge.id for charge in charges]


async def require_each_once(address: str, directory: Path, callers: list[Caller]) -> None:
    await replay(address, directory)
    ids = await booked(address)
    begun = set().union(*(one.begun for one in callers))
    told = set().union(*(one.told for one in callers))
    assert len(ids) == len(set(ids))
    assert told - set(ids) == set()
    assert set(ids) - begun == set()
    assert counts(directory) == {}


async def test_callers_killed_at_random_lose_nothing(authority: Mortal, tmp_path: Path) -> None:
    chance, callers = random.Random(4), []
    for _ in range(8):
        async with caller(authority.address, tmp_path) as running:
            callers.append(running)
            await running.until_told(1 + chance.randrange(40))
            await asyncio.sleep(chance.random() / 50)  # anywhere between two lines of its program
    await require_each_once(authority.address, tmp_path, callers)


async def test_two_callers_on_one_directory_and_the_authority_killed_lose_nothing(
    authority: Mortal, tmp_path: Path
) -> None:
    callers = []
    for _ in range(2):
        async with AsyncExitStack() as stack:
            pair = [
                await stack.enter_async_context(caller(authority.address, tmp_path, user)) for user in "ab"
            ]
            callers += pair
            await asyncio.gather(*(one.until_told(20) for one in pair))
            await authority.kill()
            await asyncio.gather(*(one.until_told(0, pending=30) for one in pair))
            await pair[0].kill()
            await authority.start()
            told = len(pair[1].told)
            await pair[1].until_told(told + 30)
    await require_each_once(authority.address, tmp_path, callers)


async def test_a_caller_killed_with_the_authority_away_is_replayed_by_another(
    authority: Mortal, tmp_path: Path
) -> None:
    await authority.kill()
    async with caller(authority.address, tmp_path) as running:
        await running.until_told(50)
    await authority.start()
    assert running.pending == running.told
    assert set(counts(tmp_path)) <= {"WAITING", "SENDING"}
    await require_each_once(authority.address, tmp_path, [running])


async def test_a_replay_killed_in_the_middle_neither_loses_nor_doubles(
    authority: Mortal, tmp_path: Path
) -> None:
    ids = leave(tmp_path, *(waiting_commit("u-1") for _ in range(4_000)))
    left = len(ids)
    for _ in range(3):
        async with replayer(authority.address, tmp_path) as running:
            before = left
            await until(lambda: counts(tmp_path).get("WAITING", 0) < before)  # noqa: B023 - ends with this turn
            running.kill()
            await running.wait()
        left = counts(tmp_path).get("WAITING", 0)
        assert 0 < left < before
    await replay(authority.address, tmp_path)
    assert sorted(await booked(authority.address)) == sorted(ids)
    assert counts(tmp_path) == {}


async def test_killed_before_the_answer_the_same_commit_is_sent_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    gate = Gate()
    server.script("Commit", gate.commit)
    async with caller(server.address, tmp_path, tasks=1) as running:
        await asyncio.to_thread(gate.reached.wait, 30)
        await running.kill()
        assert counts(tmp_path) == {"SENDING": 1}
        assert running.told == set()
    gate.open.set()
    await replay(server.address, tmp_path)
    (first,), (batch,) = server.sent("Commit"), server.sent("BatchCommit")
    assert list(batch.requests) == [first]


async def test_killed_after_the_answer_nothing_but_the_same_is_sent_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with caller(server.address, tmp_path, tasks=1) as running:
        await running.until_told(1)
        await running.kill()
    await replay(server.address, tmp_path)
    first = {commit.charge_id: commit for commit in server.sent("Commit")}
    assert running.told <= first.keys()
    for batch in server.sent("BatchCommit"):
        assert all(first.get(commit.charge_id, commit) == commit for commit in batch.requests)
    assert counts(tmp_path) == {}


async def test_what_a_living_caller_is_sending_is_left_to_it(server: ScriptedServer, tmp_path: Path) -> None:
    gate = Gate()
    server.script("Commit", gate.commit)
    async with caller(server.address, tmp_path, tasks=1):
        await asyncio.to_thread(gate.reached.wait, 30)
        await replay(server.address, tmp_path)
        assert server.sent("BatchCommit") == []
        assert counts(tmp_path) == {"SENDING": 1}
        gate.open.set()


async def test_the_order_of_a_dead_caller_is_kept(authority: Mortal, tmp_path: Path) -> None:
    await authority.kill()
    async with caller(authority.address, tmp_path, tasks=1) as running:
        await running.until_told(300)
    entries = look(tmp_path).entries
    ids = [entry.request.charge_id for entry in entries]  # type: ignore[union-attr]
    assert ids[: len(running.order)] == running.order
    with (
        ScriptedServer(authority.address) as server,
        blocking.Client(authority.address, journal=tmp_path) as quota,
    ):
        await asyncio.to_thread(quota.replay_journal)
        assert [commit.charge_id for batch in server.sent("BatchCommit") for commit in batch.requests] == ids
