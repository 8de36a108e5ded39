"""A clock that goes back takes no account back: it stays on the day on which it was last written."""

from datetime import UTC, datetime, timedelta

import pytest
from almoner_server.core.terms import Period
from almoner_server.store import SetLimit, Store

from tests.store.asking import checked, committed, hold, limit_key, spend, status

MIDNIGHT = datetime(2026, 3, 12, tzinfo=UTC)
BEFORE, AFTER = MIDNIGHT - timedelta(seconds=1), MIDNIGHT + timedelta(hours=1)


@pytest.mark.parametrize("user", ["u1", "u2"])
async def test_what_is_booked_after_the_clock_went_back_counts_today(store: Store, user: str) -> None:
    await store.limits.set(SetLimit("default", limit_key(period=Period.DAY), 10))
    await store.clock.freeze(AFTER)
    await committed(store, spend(4))
    await store.clock.freeze(BEFORE)
    charge = (await committed(store, spend(5, user=user))).charge
    assert charge.occurred_at == (MIDNIGHT if user == "u1" else BEFORE)
    await store.clock.freeze(AFTER)
    assert (await checked(store, hold(1, user="u1"))).decision.allowed
    spent = (await status(store, user="u1")).limits[0].spent
    assert spent == (9 if user == "u1" else 4)
    assert not (await store.upkeep.verify()).findings
