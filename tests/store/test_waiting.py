"""Replicas tell each other when room is made, only while somebody waits; a poll finds the same by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from almoner_server.core.records import AccountKey
from almoner_server.core.requests import Release
from almoner_server.core.terms import AccountKind
from almoner_server.store import Store

from tests.store.asking import Sql, checked, hold, set_limit

USER = AccountKey("default", AccountKind.USER, "u1")
LEASE = timedelta(minutes=1)


class Ear:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[frozenset[int] | str] = asyncio.Queue()

    async def next(self) -> frozenset[int] | str:
        return await asyncio.wait_for(self.heard.get(), 5)


@pytest.fixture
async def ear(store: Store) -> AsyncIterator[Ear]:
    ear = Ear()
    subscription = await store.waiting.listen(ear.heard.put_nowait, ear.heard.put_nowait)
    yield ear
    await subscription.close()


async def release(store: Store) -> None:
    request = hold(1)
    assert request.hold
    await checked(store, request)
    await store.run_batch([Release("default", request.hold.id)])


async def test_what_another_replica_frees_is_heard_only_while_somebody_waits(
    store: Store, replica: Store, ear: Ear
) -> None:
    await release(replica)  # nobody waits: not heard
    await store.waiting.announce(LEASE)
    await release(store)  # one's own: not heard
    await release(replica)
    assert await ear.next() == frozenset([store.waiting.tag_of(USER)])
    await store.waiting.withdraw()
    await release(replica)
    await store.waiting.announce(LEASE)
    await set_limit(replica, 5)
    assert await ear.next() == "default"
    assert ear.heard.empty()


async def test_a_lease_that_is_over_counts_no_more(store: Store, replica: Store, ear: Ear) -> None:
    await store.waiting.announce(timedelta(seconds=-1))
    await release(replica)
    await store.waiting.announce(LEASE)
    await set_limit(replica, 5)
    assert await ear.next() == "default"


async def test_a_poll_tells_what_changed(store: Store, replica: Store) -> None:
    nobody = AccountKey("default", AccountKind.USER, "nobody")
    before = await store.waiting.versions([USER, nobody])
    assert before == {USER: 0, nobody: 0}
    revision = (await store.waiting.revisions(["default"]))["default"]
    await release(replica)
    after = await store.waiting.versions([USER, nobody])
    assert after[USER] > 0
    assert after[nobody] == 0
    assert (await store.waiting.revisions(["default"]))["default"] == revision
    await set_limit(replica, 5)
    assert (await store.waiting.revisions(["default"]))["default"] > revision
    await replica.groups.set("default", "u1", ["g"])
    assert (await store.waiting.revisions(["default"]))["default"] > revision + 1


async def test_a_lost_connection_is_noticed(store: Store, sql: Sql) -> None:
    ear = Ear()
    subscription = await store.waiting.listen(ear.heard.put_nowait, ear.heard.put_nowait)
    await sql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE '% listen'"
    )
    await asyncio.wait_for(subscription.lost.wait(), 5)
    await subscription.close()
