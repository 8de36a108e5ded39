"""An id that was used before is recognised, also where memory alone would turn the request down for another reason."""

from uuid import uuid4

from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Request
from almoner_server.store import Store

from tests.store.asking import checked, committed, hold, spend


async def failure(store: Store, request: Request) -> str:
    """Run a request that fails, and say why it did."""
    (outcome,) = (await store.run_batch([request])).results
    assert isinstance(outcome, RequestFailed)
    return outcome.reason


async def test_a_charge_id_used_before_is_told_before_anything_else_is_wrong(store: Store) -> None:
    charge_id = uuid4()
    await committed(store, spend(1, chat="root"))
    await committed(store, spend(1, chat="other"))
    await checked(store, hold(1, chat="other"))
    await committed(store, spend(3, chat="root", charge_id=charge_id))
    misplaced = spend(3, chat="root", parent="other", charge_id=charge_id)
    assert await failure(store, misplaced) == "ID_REUSED"
    unused = spend(3, chat="root", parent="other")
    assert await failure(store, unused) == "PARENT_CONFLICT"
