"""A hold made under the local allowance is a hold as any: by its id, asked for again, and when it has ended."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from almoner import (
    AlreadyExists,
    Chat,
    Client,
    Commit,
    FailedPrecondition,
    Settlement,
    Subject,
    Unavailable,
    new_id,
)
from almoner.journal.entries import EntryKind
from almoner.journal.file import NAME

from tests.client.journal.allowances import NOBODY, client
from tests.client.journal.callers import counts, look, until_empty
from tests.support.server import authority


async def until_allowed(quota: Client, tokens: int) -> None:
    """Ask for a hold until there is room, because another has expired."""
    async with asyncio.timeout(10):
        while True:
            with suppress(Unavailable):
                await quota.open_hold(user="u-1", tokens=tokens)
                return
            await asyncio.sleep(0.02)


async def test_a_commit_by_id_is_booked_for_the_subject_and_chat_of_its_hold(
    database: str, tmp_path: Path
) -> None:
    async with authority(database) as server:
        address = server.address
    async with client(address, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", groups=["g", "h"], chat="c", parent="p", tokens=5)
        named = await quota.open_hold(user="u-2", groups=["g"], chat="c", parent="p", tokens=5)
        committed = await quota.commit(hold.id, tokens=4)
        assert committed.charge.subject == Subject(user="u-1", groups=("g", "h"))
        assert committed.charge.chat == Chat(id="c", parent="p")
        await quota.commit_many([Commit(hold_id=named.id, user="u-2", amounts={"tokens": 3})])
        async with authority(database, listen=address):
            await until_empty(tmp_path)
            charges = {charge.id: charge async for charge in quota.admin.list_charges()}
            assert charges[hold.id].subject == Subject(user="u-1", groups=("g", "h"))
            assert charges[named.id].subject == Subject(user="u-2", groups=("g",))
            spent = await quota.status(chat="p")
            assert {usage.spent for usage in spent.accounts[0].usages if usage.unit == "tokens"} == {7}
    assert counts(tmp_path) == {}


async def test_an_estimate_by_id_books_what_is_still_held(alone: Client, tmp_path: Path) -> None:
    hold = await alone.open_hold(user="u-1", tokens=7)
    await alone.commit(hold.id, tokens=2, partial=True)
    for _ in range(2):  # told again it is the same
        estimate = await alone.commit(hold.id, settlement=Settlement.ESTIMATE)
        assert estimate.charge.amounts == {"tokens": 5}
        assert estimate.charge.settlement is Settlement.ESTIMATE
    assert len({entry.number for entry in look(tmp_path).entries if entry.kind is EntryKind.COMMIT}) == 2
    await alone.check(user="u-1", tokens=3)
    with pytest.raises(Unavailable):
        await alone.check(user="u-1", tokens=4)


async def test_an_estimate_of_a_hold_of_nothing_is_booked_too(database: str, tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1")
        await hold.commit_estimate()
    async with authority(database) as server, client(server.address, tmp_path) as quota:
        await until_empty(tmp_path)
        assert [charge.open async for charge in quota.admin.list_charges(user="u-1")] == [True]
    assert counts(tmp_path) == {}


async def test_an_id_that_has_ended_is_refused(alone: Client) -> None:
    committed = await alone.open_hold(user="u-1", tokens=1)
    await committed.commit(tokens=1)
    released = await alone.open_hold(user="u-1", tokens=1)
    await released.release()
    for hold in committed, released:
        with pytest.raises(FailedPrecondition) as caught:
            await alone.open_hold(user="u-1", tokens=1, hold_id=hold.id)
        assert (caught.value.reason, caught.value.field) == ("HOLD_SETTLED", "hold.id")


async def test_an_id_whose_charge_is_in_the_journal_is_refused(alone: Client) -> None:
    id_ = new_id()
    await alone.commit(id_, user="u-1", tokens=1)  # of a hold that the authority made
    with pytest.raises(FailedPrecondition) as caught:
        await alone.open_hold(user="u-1", tokens=1, hold_id=id_)
    assert caught.value.reason == "HOLD_SETTLED"


async def test_an_open_hold_asked_for_again_is_the_same_and_takes_nothing_more(alone: Client) -> None:
    id_ = new_id()
    first = await alone.open_hold(user="u-1", groups=["g", "h"], tokens=10, hold_id=id_)
    await first.commit(tokens=4, partial=True)
    again = await alone.open_hold(user="u-1", groups=["h", "g"], tokens=10, hold_id=id_, wait=1)
    assert again.expire_time == first.expire_time
    assert (await alone.release(id_)).spent == {"tokens": 4}
    await alone.check(user="u-1", tokens=6)


async def test_an_open_hold_asked_for_again_with_other_content_is_refused(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    with pytest.raises(AlreadyExists) as caught:
        await alone.open_hold(user="u-1", tokens=4, hold_id=hold.id)
    assert (caught.value.reason, caught.value.field) == ("ID_REUSED", "hold.id")


async def test_an_expired_hold_is_neither_revived_nor_made_again(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=10, ttl=1)
    await until_allowed(alone, 10)
    with pytest.raises(FailedPrecondition) as caught:
        await hold.extend(ttl=60)
    assert (caught.value.reason, caught.value.field) == ("HOLD_SETTLED", "hold_id")
    with pytest.raises(FailedPrecondition):
        await alone.open_hold(user="u-1", tokens=10, ttl=1, hold_id=hold.id)
    assert (await hold.commit(tokens=9)).pending


async def test_a_settled_hold_is_not_extended(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    await alone.commit(hold.id, tokens=1)
    with pytest.raises(FailedPrecondition):
        await alone.extend(hold.id, tokens=6)


async def test_totals_below_what_is_committed_are_refused(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    await hold.commit(tokens=4, partial=True)
    with pytest.raises(FailedPrecondition) as caught:
        await hold.extend(tokens=3)
    assert (caught.value.reason, caught.value.field) == ("BELOW_COMMITTED", "amounts[tokens]")


async def test_a_hold_may_shrink_also_when_nothing_is_left(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    await alone.charge(user="u-1", tokens=20)
    await hold.extend(tokens=1, ttl=60)
    with pytest.raises(Unavailable):
        await hold.extend(tokens=2)


async def test_a_late_partial_commit_does_not_open_its_hold_again(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=10)
    await alone.commit(hold.id, tokens=1)
    await alone.commit(hold.id, tokens=1, partial=True)
    await alone.check(user="u-1", tokens=8)
    with pytest.raises(Unavailable):
        await alone.check(user="u-1", tokens=9)


async def test_a_hold_in_a_journal_of_version_1_is_still_committed(tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=5)
    with closing(sqlite3.connect(tmp_path / NAME)) as file:
        file.execute("DROP TABLE own_times")
        file.execute("ALTER TABLE local_holds DROP COLUMN request")
        file.execute("PRAGMA user_version = 1")
    async with client(NOBODY, tmp_path) as quota:
        with pytest.raises(Unavailable):
            await quota.check(user="u-1", tokens=6)
        assert (await quota.commit(hold.id, tokens=5)).charge.subject.user == "u-1"
