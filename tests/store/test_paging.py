"""Pages of every list: each entry once, in one order, and a token is good for its own list and filter only."""

import json
from base64 import urlsafe_b64decode as b64decode
from base64 import urlsafe_b64encode as b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.terms import HoldState, Period, Settlement, TargetKind
from almoner_server.store import NamespaceSettings, Store
from almoner_server.store.paging import Page

from tests.store.asking import hold, set_limit, spend

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
OTHER = UUID(int=1)
ENTRIES = 4
LISTS: dict[str, Callable[..., Awaitable[Page[Any]]]] = {
    "charges": lambda store, namespace="default", **more: store.ledger.charges(namespace, **more),
    "holds": lambda store, namespace="default", **more: store.ledger.holds(namespace, **more),
    "limits": lambda store, namespace="default", **more: store.limits.list(namespace, **more),
    "changes": lambda store, namespace="default", **more: store.limits.changes(namespace, **more),
    "namespaces": lambda store, **more: store.namespaces.list(**more),
}
FILTERS: dict[str, dict[str, object]] = {
    "charges": {
        "namespace": "a",
        "user": "u",
        "chat": "c",
        "hold_id": OTHER,
        "open_only": True,
        "settlement": Settlement.ESTIMATE,
        "start_time": NOON,
        "end_time": LATER,
    },
    "holds": {"namespace": "a", "user": "u", "chat": "c", "state": HoldState.OPEN},
    "limits": {"namespace": "a", "kind": TargetKind.USER, "target_id": "u", "unit": "tokens"},
    "changes": {
        "namespace": "a",
        "kind": TargetKind.USER,
        "target_id": "u",
        "unit": "tokens",
        "period": Period.DAY,
    },
}


@pytest.fixture
async def filled(store: Store) -> Store:
    """Put as many entries into each list, those of the ledger and the holds all of one moment."""
    await store.clock.freeze(NOON)
    for name in "abc":
        await store.namespaces.create(NamespaceSettings(name, ("usd_micros",)))
        await set_limit(store, 1, TargetKind.USER, name)
    await set_limit(store, 10**9)
    await store.run_batch([spend(1) for _ in range(ENTRIES)])
    await store.run_batch([hold(1) for _ in range(ENTRIES)])
    return store


async def pages(store: Store, name: str, page_size: int) -> list[tuple[object, ...]]:
    """Read a list to its end."""
    found, token = [], ""
    while True:
        page = await LISTS[name](store, page_size=page_size, page_token=token)
        found.append(page.items)
        if not (token := page.next_page_token):
            return found


@pytest.mark.parametrize("name", LISTS)
async def test_a_last_page_that_is_full_has_no_token(filled: Store, name: str) -> None:
    for page_size in (2, ENTRIES):
        sizes = [len(items) for items in await pages(filled, name, page_size)]
        assert sizes == [page_size] * (ENTRIES // page_size)


@pytest.mark.parametrize("name", LISTS)
async def test_entries_of_one_moment_are_neither_skipped_nor_repeated_at_a_border(
    filled: Store, name: str
) -> None:
    (whole,) = await pages(filled, name, ENTRIES)
    for page_size in (1, 3):
        assert sum(await pages(filled, name, page_size), ()) == whole


@pytest.mark.parametrize("name", FILTERS)
async def test_a_token_is_good_for_its_own_filter_only(filled: Store, name: str) -> None:
    token = (await LISTS[name](filled, page_size=1)).next_page_token
    for key, value in FILTERS[name].items():
        with pytest.raises(RequestFailed, match="page_token") as caught:
            await LISTS[name](filled, page_token=token, **{key: value})
        assert caught.value.reason == "MALFORMED_PAGE_TOKEN", key


@pytest.mark.parametrize("name", LISTS)
async def test_a_token_is_good_for_its_own_list_only(filled: Store, name: str) -> None:
    token = (await LISTS[name](filled, page_size=1)).next_page_token
    for other in LISTS.keys() - {name}:
        with pytest.raises(RequestFailed, match="page_token"):
            await LISTS[other](filled, page_token=token)


@pytest.mark.parametrize(
    ("name", "part", "forged"),
    [
        ("charges", 0, ["datetime", "0001-01-01T00:00:00+14:00"]),
        ("charges", 0, ["datetime", "9999-12-31T23:59:59.999999-14:00"]),
        ("charges", 0, ["datetime", "9999-12-31T23:59:59.999999+00:00"]),
        ("charges", 0, ["datetime", "2026-03-11T12:00:00"]),
        ("limits", 1, ["str", "\ud800"]),
        ("limits", 1, ["str", "\0"]),
        ("limits", 0, ["int", str(2**63)]),
    ],
)
async def test_a_token_with_what_no_database_keeps_is_malformed(
    filled: Store, name: str, part: int, forged: list[str]
) -> None:
    mark, parts = json.loads(b64decode((await LISTS[name](filled, page_size=1)).next_page_token))
    parts[part] = forged
    with pytest.raises(RequestFailed, match="page_token"):
        await LISTS[name](filled, page_token=b64encode(json.dumps([mark, parts]).encode()).decode())
