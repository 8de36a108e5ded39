"""When a direct charge counts that the journal delivers: when it was made, whatever happened to its first attempt."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from almoner import Charge, Client, Commit, InvalidArgument, Journal, new_id
from almoner.journal.book import Book
from almoner.journal.file import NAME
from almoner.types.ledger import Committed
from almoner.v1 import quota_service_pb2 as quota_pb
from almoner.wire.requests import commit_request

from tests.client.journal.allowances import TEN, client
from tests.client.journal.callers import counts, until_empty
from tests.client.script import UNAVAILABLE, Failure, ScriptedServer, each_committed
from tests.support.clock import AuthorityClock
from tests.support.server import authority


def delivering(address: str, directory: Path) -> Client:
    """Make a client that tries until it is connected: gRPC waits a second after it could not be."""
    return Client(address, journal=directory, on_unreachable=TEN)


async def charges(quota: Client) -> dict[str, Charge]:
    """Give all charges that the authority has, by id."""
    return {charge.id: charge async for charge in quota.admin.list_charges()}


@pytest.fixture
async def away(database: str) -> str:
    """Give the address of an authority that has stopped."""
    async with authority(database) as server:
        return server.address


@asynccontextmanager
async def displaced(database: str, address: str, by: timedelta) -> AsyncIterator[AuthorityClock]:
    """Run an authority whose clock is ahead of that of this machine, or behind it."""
    async with (
        authority(database, listen=address) as server,
        grpc.aio.insecure_channel(server.address) as channel,
    ):
        clock = AuthorityClock(channel)
        await clock.set(datetime.now(UTC) + by)
        yield clock


async def test_every_charge_of_an_outage_counts_when_it_was_made(
    database: str, away: str, tmp_path: Path
) -> None:
    before = datetime.now(UTC)
    async with client(away, tmp_path) as quota:
        first = await quota.charge(user="u-1", tokens=1)  # was tried
        second = await quota.charge(user="u-1", tokens=1)  # was not
        batch = await quota.commit_many([Commit(user="u-1", amounts={"tokens": 1})])
        after = datetime.now(UTC)
        async with authority(database, listen=away):
            await until_empty(tmp_path)
            booked = await charges(quota)
    ids = [answer.charge.id for answer in (first, second, *batch) if isinstance(answer, Committed)]
    assert sorted(booked) == sorted(ids)
    assert all(before <= charge.occurred_at <= after for charge in booked.values())
    assert booked[second.charge.id].occurred_at == second.charge.occurred_at


async def test_a_charge_of_yesterday_counts_yesterday(database: str, away: str, tmp_path: Path) -> None:
    async with client(away, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=3)
    async with displaced(database, away, timedelta(days=1)), delivering(away, tmp_path) as quota:
        await until_empty(tmp_path)
        (account,) = (await quota.status(user="u-1")).accounts
    spent = {usage.period.name: usage.spent for usage in account.usages if usage.unit == "tokens"}
    assert (spent["DAY"], spent["LIFETIME"]) == (0, 3)


async def test_a_charge_that_is_sent_at_once_counts_by_the_clock_of_the_authority(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with client(server.address, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
    (commit,) = server.sent("Commit")
    assert not commit.HasField("occurred_at")


async def keep_unsure(directory: Path, commit: Commit, age: timedelta) -> None:
    """Leave in a journal what a process was sending that died before it heard the answer."""
    book = Book(Journal(directory))
    await asyncio.wrap_future(book.append([commit_request("default", commit)], sending=True))
    book.close()
    with closing(sqlite3.connect(directory / NAME)) as file, file:
        file.execute("UPDATE entries SET create_time = create_time - ?", (age.total_seconds(),))


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=1)])
async def test_a_first_attempt_that_arrived_is_booked_once_and_nothing_is_dead(
    database: str, tmp_path: Path, age: timedelta
) -> None:
    commit = Commit(user="u-1", amounts={"tokens": 5})
    await keep_unsure(tmp_path, commit, age)
    async with authority(database) as server:
        async with Client(server.address) as quota:
            (booked,) = await quota.commit_many([commit])
        async with client(server.address, tmp_path) as quota:
            await until_empty(tmp_path)
            (charge,) = (await charges(quota)).values()
    assert counts(tmp_path) == {}
    assert isinstance(booked, Committed)
    assert charge == booked.charge


async def test_one_whose_process_died_yesterday_counts_yesterday(database: str, tmp_path: Path) -> None:
    await keep_unsure(tmp_path, Commit(user="u-1", amounts={"tokens": 5}), timedelta(days=1))
    async with authority(database) as server, client(server.address, tmp_path) as quota:
        await until_empty(tmp_path)
        (charge,) = (await charges(quota)).values()
    assert charge.create_time - charge.occurred_at > timedelta(days=1)


async def test_a_charge_told_again_after_its_delivery_is_a_replay(
    database: str, away: str, tmp_path: Path
) -> None:
    ids = [new_id(), new_id()]
    async with client(away, tmp_path) as quota:
        for id_ in ids:
            assert (await quota.charge(user="u-1", tokens=1, charge_id=id_)).pending
    async with authority(database, listen=away), delivering(away, tmp_path) as quota:
        await until_empty(tmp_path)
        for id_ in ids:
            again = await quota.charge(user="u-1", tokens=1, charge_id=id_)
            assert (again.pending, again.replayed) == (False, True)


async def test_other_content_under_its_id_is_set_aside_as_ever(
    database: str, away: str, tmp_path: Path
) -> None:
    id_ = new_id()
    async with client(away, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1, charge_id=id_)
        await quota.charge(user="u-1", tokens=2, charge_id=id_)
        async with authority(database, listen=away):
            await until_empty(tmp_path)
            assert [charge.amounts["tokens"] for charge in (await charges(quota)).values()] == [1]
    assert counts(tmp_path) == {"DEAD": 1}


async def test_a_clock_that_is_ahead_of_the_authority_delays_no_charge_for_good(
    database: str, away: str, tmp_path: Path
) -> None:
    async with client(away, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
        await quota.charge(user="u-1", tokens=1)
        hold = await quota.open_hold(user="u-1", tokens=1)
        await hold.commit(tokens=1)
    async with displaced(database, away, timedelta(days=-400)), delivering(away, tmp_path) as quota:
        assert (await quota.replay_journal()).left == 0
        booked = await charges(quota)
        again = await quota.commit(hold.id, tokens=1)
    assert counts(tmp_path) == {}
    assert len(booked) == 3
    assert again.replayed
    assert all(charge.occurred_at == charge.create_time for charge in booked.values())


async def test_a_moment_that_its_caller_gave_is_never_changed(
    database: str, away: str, tmp_path: Path
) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    async with client(away, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1, occurred_at=moment)
    async with (
        displaced(database, away, timedelta(days=-1)) as clock,
        delivering(away, tmp_path) as quota,
    ):
        assert (await quota.replay_journal()).left == 1
        with pytest.raises(InvalidArgument):
            await quota.charge(user="u-2", tokens=1, occurred_at=moment)
        await clock.reset()
        await until_empty(tmp_path)
        assert [charge.occurred_at for charge in (await charges(quota)).values()] == [moment]


async def test_a_replay_without_an_answer_is_repeated_with_the_same_content(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("Commit", UNAVAILABLE)
    server.script("BatchCommit", UNAVAILABLE, Failure(grpc.StatusCode.INTERNAL), each_committed)
    async with client(server.address, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=1)
        await until_empty(tmp_path)
    sent = [commit for batch in server.sent("BatchCommit") for commit in batch.requests]
    assert len(sent) == 3
    assert all(isinstance(commit, quota_pb.CommitRequest) and commit == sent[0] for commit in sent)
    assert sent[0].HasField("occurred_at")
