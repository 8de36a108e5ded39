"""Lists of the ledger and of holds: newest first, filtered, paged."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import HoldResult, Release
from almoner_server.core.terms import HoldState, Settlement
from almoner_server.store import Store

from tests.store.asking import adjusted, checked, committed, hold, one, refund, settle, spend

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def charges(store: Store, amounts: list[int], **more: str) -> list[UUID]:
    """Book one charge a minute."""
    found = []
    for amount in amounts:
        found.append((await committed(store, spend(amount, **more))).charge.id)  # type: ignore[arg-type]
        await store.clock.advance(MINUTE)
    return found


async def test_charges_come_newest_first_in_pages_that_stand_still(store: Store) -> None:
    await store.clock.freeze(NOON)
    old = await charges(store, [1, 2, 3, 4, 5])
    first = await store.ledger.charges("default", page_size=2)
    await charges(store, [6])
    second = await store.ledger.charges("default", page_size=2, page_token=first.next_page_token)
    third = await store.ledger.charges("default", page_size=2, page_token=second.next_page_token)
    assert [charge.id for page in (first, second, third) for charge in page.items] == old[::-1]
    assert third.next_page_token == ""


async def test_charges_are_filtered(store: Store) -> None:
    await store.clock.freeze(NOON)
    (root,) = await charges(store, [1], user="u1", chat="root")
    (child,) = await charges(store, [1], user="u1", chat="child", parent="root")
    await charges(store, [1], user="u2", chat="other")
    estimate = (await committed(store, spend(1, user="u3", settlement=Settlement.ESTIMATE))).charge.id

    async def found(**filters: object) -> list[UUID]:
        page = await store.ledger.charges("default", **filters)  # type: ignore[arg-type]
        return [charge.id for charge in page.items]

    assert await found(user="u1") == [child, root]
    assert await found(chat="root") == [child, root]
    assert await found(chat="child") == [child]
    assert await found(chat="never seen") == []
    assert await found(open_only=True) == await found(settlement=Settlement.ESTIMATE) == [estimate]
    assert await found(start_time=NOON + MINUTE, end_time=NOON + 2 * MINUTE) == [child]
    assert await found(user="u1", chat="child", open_only=True) == []


async def test_charges_of_a_hold_are_its_partial_ones_and_its_final_one(store: Store) -> None:
    request = hold(10)
    assert request.hold
    await checked(store, request)
    partial = (await committed(store, settle(request.hold.id, 1, partial=True, charge_id=UUID(int=1)))).charge
    final = (await committed(store, settle(request.hold.id, 2))).charge
    await committed(store, spend(5))
    page = await store.ledger.charges("default", hold_id=request.hold.id)
    assert [charge.id for charge in page.items] == [final.id, partial.id]


async def test_holds_are_listed_by_user_chat_and_state(store: Store) -> None:
    await store.clock.freeze(NOON)
    requests = [
        hold(1, user="u1", chat="root"),
        hold(1, user="u2", chat="child", parent="root"),
        hold(1, user="u1"),
    ]
    ids = []
    for request in requests:
        assert request.hold
        ids.append(request.hold.id)
        await checked(store, request)
        await store.clock.advance(MINUTE)
    await one(store, Release("default", ids[0]), HoldResult)

    async def found(**filters: object) -> list[UUID]:
        page = await store.ledger.holds("default", **filters)  # type: ignore[arg-type]
        return [held.id for held in page.items]

    assert await found() == ids[::-1]
    assert await found(user="u1") == [ids[2], ids[0]]
    assert await found(chat="root") == [ids[1], ids[0]]
    assert await found(state=HoldState.OPEN) == [ids[2], ids[1]]
    assert await found(user="u1", state=HoldState.RELEASED) == [ids[0]]


async def test_adjustments_come_oldest_first(store: Store) -> None:
    await store.clock.freeze(NOON)
    charge = (await committed(store, spend(10))).charge
    made = []
    for amount in (1, 2):
        made.append((await adjusted(store, refund(charge.id, amount))).adjustment)
        await store.clock.advance(MINUTE)
    assert await store.ledger.adjustments("default", [charge.id, UUID(int=5)]) == {charge.id: tuple(made)}


@pytest.mark.parametrize("token", ["x", "bm9uZQ==", "[]", "W10=", "é", "A" * 5000])
async def test_a_token_that_is_none_is_refused(store: Store, token: str) -> None:
    with pytest.raises(RequestFailed, check=lambda error: error.reason == "MALFORMED_PAGE_TOKEN"):
        await store.ledger.charges("default", page_token=token)


async def test_a_token_of_another_filter_or_list_is_refused(store: Store) -> None:
    await store.clock.freeze(NOON)
    await charges(store, [1, 2])
    token = (await store.ledger.charges("default", page_size=1)).next_page_token
    for call in (
        store.ledger.charges("default", user="u1", page_token=token),
        store.ledger.holds("default", page_token=token),
    ):
        with pytest.raises(RequestFailed, check=lambda error: error.reason == "MALFORMED_PAGE_TOKEN"):
            await call


async def test_lists_of_an_unknown_namespace_are_refused(store: Store) -> None:
    for call in (store.ledger.charges("nowhere"), store.ledger.holds("nowhere")):
        with pytest.raises(RequestFailed, check=lambda error: error.reason == "NAMESPACE_NOT_FOUND"):
            await call


async def test_adjustments_of_one_moment_are_listed_as_they_were_made(store: Store) -> None:
    charge = spend(5)
    await committed(store, charge)
    refunds = [refund(charge.charge_id, amount) for amount in (1, 2)]
    refunds.sort(key=lambda request: request.adjustment_id, reverse=True)
    await store.run_batch(refunds)  # in one transaction, so at one moment
    found = (await store.ledger.adjustments("default", [charge.charge_id]))[charge.charge_id]
    assert [entry.id for entry in found] == [request.adjustment_id for request in refunds]
