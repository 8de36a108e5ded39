"""Direct charges and the local allowance: nobody refuses them, and they count until they are booked."""

from pathlib import Path

import pytest
from almoner import Client, Commit, Unavailable, new_id

from tests.client.journal.allowances import NOBODY, client
from tests.client.journal.callers import caller, until_empty
from tests.client.script import ScriptedServer


async def test_direct_charges_count_against_it_and_are_never_refused(alone: Client) -> None:
    for _ in range(10):
        await alone.check(user="u-1", tokens=1)
        assert (await alone.charge(user="u-1", tokens=1)).pending
    with pytest.raises(Unavailable):
        await alone.check(user="u-1", tokens=1)
    with pytest.raises(Unavailable):
        await alone.open_hold(user="u-1", tokens=1)
    assert (await alone.charge(user="u-1", tokens=100)).pending
    assert (await alone.open_hold(user="u-2", tokens=10)).degraded


async def test_direct_charges_in_one_call_count_each_for_its_user(alone: Client) -> None:
    await alone.commit_many(Commit(user=user, amounts={"tokens": 6}) for user in ("u-1", "u-2", "u-1"))
    with pytest.raises(Unavailable):
        await alone.check(user="u-1", tokens=1)
    await alone.check(user="u-2", tokens=4)
    with pytest.raises(Unavailable):
        await alone.check(user="u-2", tokens=5)


async def test_telling_a_direct_charge_again_counts_it_once(alone: Client) -> None:
    id_ = new_id()
    for _ in range(3):
        await alone.charge(user="u-1", tokens=5, charge_id=id_)
    await alone.check(user="u-1", tokens=5)


async def test_what_another_process_charges_counts_even_if_it_has_no_allowance(tmp_path: Path) -> None:
    async with caller(NOBODY, tmp_path, "u-1") as other, client(NOBODY, tmp_path) as quota:
        await other.until_told(10, pending=10)
        with pytest.raises(Unavailable):
            await quota.check(user="u-1", tokens=1)


async def test_direct_charges_give_the_allowance_back_when_they_are_booked(tmp_path: Path) -> None:
    async with client(NOBODY, tmp_path) as quota:
        await quota.charge(user="u-1", tokens=10)
    with ScriptedServer() as server:
        async with client(server.address, tmp_path):
            await until_empty(tmp_path)
    async with client(NOBODY, tmp_path) as quota:
        await quota.check(user="u-1", tokens=10)


async def test_a_commit_on_a_hold_of_the_authority_takes_nothing_of_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with client(server.address, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=100)
        server.stop()
        assert (await hold.commit(tokens=100)).pending
        await quota.check(user="u-1", tokens=10)
