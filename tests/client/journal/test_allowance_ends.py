"""The local allowance, once a hold that was made under it has ended, or is known by its id alone."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from almoner import CallError, Client
from almoner.journal.entries import EntryKind
from almoner.v1.quota_service_pb2 import CommitRequest

from tests.client.journal.allowances import NOBODY, client
from tests.client.journal.callers import look


async def test_a_hold_that_has_expired_cannot_be_prolonged_at_the_cost_of_the_allowance(
    tmp_path: Path,
) -> None:
    async with client(NOBODY, tmp_path) as quota:
        hold = await quota.open_hold(user="u-1", tokens=10, ttl=timedelta(seconds=1))
        await asyncio.sleep(1.01)  # the clock is this machine's
        assert (await quota.open_hold(user="u-1", tokens=10)).degraded
        with pytest.raises(CallError):
            await hold.extend(ttl=60)


async def test_a_late_partial_commit_sets_nothing_aside_again(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=10)
    await hold.release()
    await hold.commit(tokens=2, partial=True)
    assert (await alone.open_hold(user="u-1", tokens=8)).degraded


async def test_a_hold_that_has_ended_cannot_be_extended(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=5)
    await hold.commit(tokens=5)
    with pytest.raises(CallError):
        await hold.extend(tokens=6)


async def test_a_commit_by_id_alone_counts_for_the_chat_and_the_groups_of_its_hold(
    alone: Client, tmp_path: Path
) -> None:
    hold = await alone.open_hold(user="u-1", groups=["g"], chat="c", parent="p", tokens=5)
    await alone.commit(hold.id, tokens=4)
    (commit,) = [entry.request for entry in look(tmp_path).entries if entry.kind is EntryKind.COMMIT]
    assert isinstance(commit, CommitRequest)
    assert (commit.subject.user, [*commit.subject.groups]) == ("u-1", ["g"])
    assert (commit.chat.id, commit.chat.parent_id) == ("c", "p")
