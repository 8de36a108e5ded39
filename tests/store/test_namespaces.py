"""Namespaces: created once, units only added, settings in force at once."""

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.terms import GroupRule, TargetKind
from almoner_server.store import NamespaceSettings, Store

from tests.store.asking import ask, checked, hold, set_limit


def refused(reason: str) -> "pytest.RaisesExc[RequestFailed]":
    return pytest.raises(RequestFailed, check=lambda error: error.reason == reason)


async def test_default_always_exists(store: Store) -> None:
    assert (await store.namespaces.get("default")).units == ("credits", "messages", "tokens", "usd_micros")


async def test_creating_again_with_the_same_settings_is_fine_with_others_not(store: Store) -> None:
    created = await store.namespaces.create(NamespaceSettings("n", ("b", "a")))
    assert await store.namespaces.create(NamespaceSettings("n", ("a", "b"))) == created
    for other in (
        NamespaceSettings("n", ("a", "b"), GroupRule.MAX),
        NamespaceSettings("n", ("a", "b"), enabled=False),
        NamespaceSettings("n", ("a",)),
    ):
        with refused("NAMESPACE_EXISTS"):
            await store.namespaces.create(other)


async def test_units_may_be_added_but_not_removed(store: Store) -> None:
    await store.namespaces.create(NamespaceSettings("n", ("a", "b")))
    assert (await store.namespaces.update("n", units=["b", "a", "c"])).units == ("a", "b", "c")
    with refused("UNIT_REMOVED"):
        await store.namespaces.update("n", units=["a"])


async def test_a_wrong_etag_is_refused_and_a_change_that_is_none_keeps_it(store: Store) -> None:
    first = await store.namespaces.get("default")
    assert await store.namespaces.update("default", enabled=True, etag="an old one") == first
    second = await store.namespaces.update("default", enabled=False, etag=first.etag)
    assert second.etag != first.etag
    with refused("ETAG_MISMATCH"):
        await store.namespaces.update("default", enabled=True, etag=first.etag)
    with refused("NAMESPACE_NOT_FOUND"):
        await store.namespaces.update("nowhere", enabled=True)


async def test_settings_are_in_force_at_once_on_every_replica(store: Store, replica: Store) -> None:
    await set_limit(store, 1)
    for enabled, allowed in ((True, False), (False, True), (True, False)):
        await store.namespaces.update("default", enabled=enabled)
        assert (await checked(replica, ask(5))).decision.allowed is allowed


async def test_a_group_rule_is_in_force_at_once_on_a_replica_that_knew_another(
    store: Store, replica: Store
) -> None:
    for group, amount in (("a", 1), ("b", 9)):
        await set_limit(store, amount, TargetKind.GROUP_DEFAULT, group)
    for rule, allowed in ((GroupRule.MIN, False), (GroupRule.MAX, True), (GroupRule.MIN, False)):
        await store.namespaces.update("default", group_rule=rule)
        assert (await checked(replica, ask(5, groups=("a", "b")))).decision.allowed is allowed


async def test_a_unit_counts_at_once_on_a_replica_that_did_not_know_it(store: Store, replica: Store) -> None:
    await store.namespaces.create(NamespaceSettings("n", ("words",)))
    (unknown,) = (await replica.run_batch([hold(1, namespace="n")])).results
    assert isinstance(unknown, RequestFailed)
    await store.namespaces.update("n", units=["words", "usd_micros"])
    assert (await checked(replica, hold(1, namespace="n"))).decision.allowed


async def test_namespaces_share_nothing(store: Store) -> None:
    await set_limit(store, 5)
    await store.namespaces.create(NamespaceSettings("n", ("usd_micros",)))
    request = hold(5)
    assert request.hold
    await checked(store, request)
    assert (await checked(store, hold(9, namespace="n", hold_id=request.hold.id))).decision.allowed


async def test_a_list_goes_by_name_in_pages(store: Store) -> None:
    for name in ("b", "a", "é"):
        await store.namespaces.create(NamespaceSettings(name, ("x",)))
    first = await store.namespaces.list(page_size=3)
    second = await store.namespaces.list(page_size=3, page_token=first.next_page_token)
    assert [found.name for found in (*first.items, *second.items)] == ["a", "b", "default", "é"]
    assert second.next_page_token == ""
