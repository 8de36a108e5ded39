"""Stored groups count with those a call names, at once on every replica."""

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store

from tests.store.asking import ask, checked, hold, set_limit


async def test_groups_are_stored_sorted_without_repeats_and_replaced_as_a_whole(store: Store) -> None:
    assert await store.groups.get("default", "u1") == ()
    assert await store.groups.set("default", "u1", ["b", "a", "b"]) == ("a", "b")
    assert await store.groups.get("default", "u1") == ("a", "b")
    assert await store.groups.set("default", "u1", ["c"]) == ("c",)
    assert await store.groups.set("default", "u1", []) == ()
    assert await store.groups.get("default", "u1") == ()


async def test_a_membership_counts_at_once_on_a_replica_that_knew_another(
    store: Store, replica: Store
) -> None:
    await set_limit(store, 5, TargetKind.GROUP_POOL, "g")
    assert (await checked(replica, hold(9))).decision.allowed
    await store.groups.set("default", "u1", ["g"])
    assert not (await checked(replica, hold(9))).decision.allowed
    await store.groups.set("default", "u1", [])
    assert (await checked(replica, ask(9))).decision.allowed


async def test_an_unknown_namespace_is_refused(store: Store) -> None:
    for call in (store.groups.get("nowhere", "u1"), store.groups.set("nowhere", "u1", ["g"])):
        with pytest.raises(RequestFailed, match="nowhere"):
            await call
