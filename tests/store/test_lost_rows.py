"""A database that has lost what it acknowledged, as one promoted too early or restored has, is taken as it is."""

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import CheckResult, CommitResult
from almoner_server.store import Store

from tests.store.asking import Sql, checked, committed, hold, refund, settle, spend

LOST = (
    "DELETE FROM adjustments; DELETE FROM charges; DELETE FROM holds; DELETE FROM chats; DELETE FROM accounts"
)


@pytest.mark.parametrize("remembered", [False, True], ids=["at the first look", "once it was touched again"])
async def test_what_this_process_knows_of_rows_that_are_gone_keeps_nobody_out(
    store: Store, sql: Sql, remembered: bool
) -> None:
    request = hold(3, chat="c", parent="p")
    await checked(store, request)
    assert request.hold
    charge = (await committed(store, spend(2, chat="c"))).charge
    if remembered:
        await committed(store, spend(1, chat="c"))
        await store.run_batch([refund(charge.id, 1)])
    await sql.execute(LOST)
    refunded, settled = (await store.run_batch([refund(charge.id, 1), settle(request.hold.id, 1)])).results
    for answer, reason in ((refunded, "CHARGE_NOT_FOUND"), (settled, "HOLD_NOT_FOUND")):
        assert isinstance(answer, RequestFailed), answer
        assert answer.reason == reason
    answers = await store.run_batch([hold(3, chat="c", parent="p"), spend(1, chat="c")])
    assert [type(answer) for answer in answers.results] == [CheckResult, CommitResult]
    assert not (await store.upkeep.verify()).findings
