"""The local allowance: what may be spent while the authority cannot be reached, and how it is booked."""

import asyncio
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from almoner import (
    CallError,
    Client,
    ExpiryAction,
    HoldNotSettled,
    HoldState,
    Journal,
    LocalAllowance,
    Period,
    QuotaExceeded,
    Settlement,
    Target,
    Unavailable,
    blocking,
    new_id,
)
from almoner.journal.book import Book
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb

from tests.client.journal.allowances import NOBODY, ONCE, TEN, client
from tests.client.journal.callers import look, until_empty
from tests.client.script import UNAVAILABLE, ScriptedServer
from tests.support.server import authority


async def test_without_it_a_hold_raises_as_ever(tmp_path: Path) -> None:
    async with Client(NOBODY, journal=tmp_path, retry=ONCE) as quota:
        with pytest.raises(Unavailable):
            await quota.open_hold(user="u-1", tokens=1)


def test_it_needs_a_journal_and_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a journal"):
        Client(NOBODY, on_unreachable=TEN)
    with pytest.raises(ValueError, match="neither"):
        Client(NOBODY, journal=tmp_path, on_unreachable="allow")  # type: ignore[arg-type]


async def test_it_allows_up_to_its_amount_for_each_user(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=7)
    assert hold.degraded
    assert hold.expire_time is not None
    with pytest.raises(Unavailable, match="local allowance") as caught:
        await alone.open_hold(user="u-1", tokens=4)
    assert caught.value.metadata["field"] == "amounts[tokens]"
    assert caught.value.metadata["limit"] == "10"
    assert (await alone.open_hold(user="u-1", tokens=3)).degraded
    assert (await alone.open_hold(user="u-2", tokens=10)).degraded


async def test_a_check_alone_is_decided_and_takes_nothing(alone: Client) -> None:
    for _ in range(3):
        assert (await alone.check(user="u-1", tokens=10)).degraded
    with pytest.raises(Unavailable):
        await alone.check(user="u-1", tokens=11)


async def test_a_full_allowance_refuses_also_what_asks_for_nothing(alone: Client) -> None:
    await alone.open_hold(user="u-1", tokens=10)
    with pytest.raises(
        Unavailable, match=r"used up: 10 .*, limit 10; asking for 0 needs room for 1, too"
    ) as caught:
        await alone.check(user="u-1")
    assert caught.value.field == "amounts[tokens]"


async def test_a_unit_that_it_does_not_name_has_none(alone: Client) -> None:
    with pytest.raises(Unavailable):
        await alone.open_hold(user="u-1", messages=1)


async def test_what_is_given_back_or_not_spent_is_free_again(alone: Client) -> None:
    with pytest.raises(HoldNotSettled):
        async with alone.hold(user="u-1", tokens=10):
            pass
    async with alone.hold(user="u-1", tokens=10) as hold:
        assert (await hold.commit(tokens=2)).pending
    by_id = await alone.open_hold(user="u-1", tokens=8)
    assert (await alone.release(by_id.id)).state is HoldState.RELEASED
    await alone.open_hold(user="u-1", tokens=8)


async def test_extending_is_decided_too(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    await hold.commit(tokens=4, partial=True)
    with pytest.raises(Unavailable):
        await hold.extend(tokens=11)
    await hold.extend(tokens=10)
    with pytest.raises(Unavailable):
        await alone.open_hold(user="u-1", tokens=1)


async def test_extending_a_hold_that_was_given_back_takes_nothing(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    await hold.release()
    with suppress(CallError):
        await hold.extend(tokens=10)
    assert (await alone.open_hold(user="u-1", tokens=10)).degraded


async def test_prolonging_counts_from_now(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=10, ttl=timedelta(minutes=1))
    await hold.extend(ttl=timedelta(hours=1))
    assert hold.expire_time is not None
    assert hold.expire_time > datetime.now(UTC) + timedelta(minutes=59)


async def test_a_hold_that_is_to_be_charged_at_expiry_is_denied(alone: Client) -> None:
    with pytest.raises(Unavailable, match=r"does not cover hold\.on_expiry CHARGE: nobody") as caught:
        await alone.open_hold(user="u-1", tokens=1, on_expiry=ExpiryAction.CHARGE)
    assert caught.value.metadata["field"] == "hold.on_expiry"
    assert caught.value.metadata["limit"] == "RELEASE"


async def test_an_expired_hold_is_free_again_and_its_commit_still_kept(tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=10, ttl=timedelta(seconds=1))
        await asyncio.sleep(1.01)  # the clock is this machine's
        await quota.open_hold(user="u-1", tokens=10)
        assert (await hold.commit(tokens=9)).pending


async def test_an_expired_hold_is_known_after_a_restart_too(tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=10, ttl=timedelta(seconds=1))
        await asyncio.sleep(1.01)  # the clock is this machine's
    async with client(NOBODY, tmp_path) as quota:
        charge = (await quota.commit(hold.id, tokens=9)).charge
    assert (charge.id, charge.hold_id, charge.subject.user) == (hold.id, None, "u-1")


async def test_it_survives_a_restart_and_is_shared(tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as first:
        await first.open_hold(user="u-1", tokens=6)
    async with client(NOBODY, tmp_path) as second, client(NOBODY, tmp_path) as third:
        await second.open_hold(user="u-1", tokens=4)
        with pytest.raises(Unavailable):
            await third.open_hold(user="u-1", tokens=1)
    with (
        blocking.Client(NOBODY, journal=tmp_path, on_unreachable=TEN, retry=ONCE) as fourth,
        pytest.raises(Unavailable),
    ):
        fourth.open_hold(user="u-1", tokens=1)


async def test_many_at_once_never_take_more(alone: Client) -> None:
    answers = await asyncio.gather(
        *(alone.open_hold(user="u-1", tokens=1) for _ in range(50)), return_exceptions=True
    )
    assert sum(not isinstance(answer, Exception) for answer in answers) == 10


async def test_a_hold_that_the_authority_may_have_made_all_the_same_is_released(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script("CheckQuota", UNAVAILABLE)
    async with client(server.address, tmp_path) as quota:
        async with quota.hold(user="u-1", tokens=5) as hold:
            assert hold.degraded
            await hold.commit(tokens=4)
        await until_empty(tmp_path)
    assert [release.hold_id for release in server.sent("Release")] == [hold.id]


async def test_what_was_spent_under_it_is_booked_when_the_authority_is_back(
    database: str, tmp_path: Path
) -> None:
    async with authority(database) as server:
        address = server.address
    before = datetime.now(UTC)
    async with client(address, tmp_path, LocalAllowance(usd="0.50")) as quota:
        async with quota.hold(user="u-1", groups=["g"], chat="c", parent="p", usd="0.30") as hold:
            await hold.commit(usd="0.10", partial=True)
            await hold.commit(usd="0.15")
        guess = await quota.open_hold(user="u-1", usd="0.20", hold_id=new_id())
        await guess.commit_estimate()
        after = datetime.now(UTC)
        async with authority(database, listen=address):
            await until_empty(tmp_path)
            charges = [charge async for charge in quota.admin.list_charges(user="u-1")]
            by_id = {charge.id: charge for charge in charges}
            assert sorted(charge.amounts["usd_micros"] for charge in charges) == [100_000, 150_000, 200_000]
            assert by_id[hold.id].subject.groups == ("g",)
            assert by_id[hold.id].chat is not None
            assert all(before <= charge.occurred_at <= after for charge in charges)
            assert by_id[guess.id].settlement is Settlement.ESTIMATE
            assert (await quota.status(user="u-1")).accounts[0].open_holds == 0
            await quota.admin.set_limit(Target.user("u-1"), unit="usd", period=Period.MONTH, amount="0.45")
            with pytest.raises(QuotaExceeded):
                await quota.open_hold(user="u-1", usd="0.01")
    assert look(tmp_path).entries == []


async def test_the_same_commit_told_again_after_delivery_is_a_replay(database: str, tmp_path: Path) -> None:
    async with authority(database) as server:
        address = server.address
    async with client(address, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=5)
        await hold.commit(tokens=4)
        async with authority(database, listen=address):
            await until_empty(tmp_path)
            again = await quota.commit(hold.id, user="u-1", tokens=4)
            assert (again.pending, again.replayed) == (False, True)


async def test_what_the_authority_has_takes_nothing_of_the_allowance_in_the_next_outage(
    tmp_path: Path,
) -> None:
    async with client(NOBODY, tmp_path) as quota, quota.hold(user="u-1", tokens=10) as hold:
        await hold.commit(tokens=10)
    with ScriptedServer() as server:
        async with client(server.address, tmp_path):
            await until_empty(tmp_path)
    async with client(NOBODY, tmp_path) as quota:
        assert (await quota.open_hold(user="u-1", tokens=10)).degraded


async def test_what_was_refused_for_good_takes_of_the_allowance_until_it_is_dropped(tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as quota_, quota_.hold(user="u-1", tokens=10) as hold:
        await hold.commit(tokens=10)
    refused = pb.ItemError(code=3, message="no such unit", reason="UNKNOWN_UNIT")
    with ScriptedServer() as server:
        server.script("BatchCommit", quota.BatchCommitResponse(results=[quota.CommitResult(error=refused)]))
        async with client(server.address, tmp_path):
            await until_empty(tmp_path)
    (dead,) = look(tmp_path).entries
    async with client(NOBODY, tmp_path) as quota_:
        with pytest.raises(Unavailable):
            await quota_.open_hold(user="u-1", tokens=1)
        with closing(Book(Journal(tmp_path))) as book:
            assert book.drop([dead.number]).result() == [dead.number]
        assert (await quota_.open_hold(user="u-1", tokens=10)).degraded
