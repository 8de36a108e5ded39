"""Corruptions to plant: the SQL, the kind of the finding, and words of what is said about it."""

from datetime import UTC, datetime
from uuid import uuid4

from almoner_server.core.terms import Period, Settlement, TargetKind
from almoner_server.store import Store

from tests.store.asking import adjusted, checked, committed, hold, refund, set_limit, spend

HOLD = uuid4()
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
CORRUPTIONS = {
    "a counter off by one": (
        "UPDATE accounts SET counters[7] = counters[7] + 1 WHERE kind = 1 AND id = 'u1'",
        "counter_differs",
        "default: USER u1: spent usd_micros per LIFETIME is 8, should be 7",
    ),
    "a charge without account row": (
        "DELETE FROM accounts WHERE kind = 1 AND id = 'u1'",
        "account_missing",
        "default: USER u1: spent usd_micros per LIFETIME is 0, should be 7; there is no account row",
    ),
    "a hold without its held sum": (
        "UPDATE holds SET held = held || '{\"usd_micros\": 6}' WHERE state = 1",
        "counter_differs",
        "default: USER u1: held usd_micros per DAY is 5, should be 6",
    ),
    "a lost charge": (
        "DELETE FROM charges WHERE user_id = 'u2'",
        "counter_differs",
        "default: USER u2: spent usd_micros per WEEK is 3, should be 0",
    ),
    "an orphan chat": (
        "DELETE FROM chats WHERE id = 'root'",
        "orphan_chat",
        "default: CHAT child has a chain that does not continue the one of its parent (chain: root > child)",
    ),
    "a charge in no chat": (
        "DELETE FROM chats WHERE id = 'child'",
        "charge_in_unknown_chat",
        "default: CHAT child is named by a charge but does not exist, or has another chain",
    ),
    "a duplicate id": (
        """
        ALTER TABLE charges DROP CONSTRAINT charges_pkey;
        INSERT INTO charges SELECT * FROM charges WHERE user_id = 'u2'
        """,
        "duplicate_id",
        "occurs 2 times",
    ),
    "a pool without account": (
        "DELETE FROM accounts WHERE kind = 3",
        "pool_without_account",
        "default: GROUP g is limited but has no account row",
    ),
    "an account without pool": (
        "DELETE FROM limits WHERE target_kind = 5",
        "account_without_pool",
        "default: GROUP g has an account row but no limit",
    ),
    "a settled hold that holds": (
        "UPDATE holds SET state = 3, settle_time = now() WHERE state = 1",
        "settled_hold_holds",
        "is settled but still holds something",
    ),
    "a net that nothing explains": (
        "UPDATE charges SET net = '{\"usd_micros\": 9}' WHERE user_id = 'u2'",
        "net_differs",
        "usd_micros comes to 9, should be 3 by its amounts and adjustments",
    ),
    "an adjustment of nothing": (
        "UPDATE adjustments SET charge_id = gen_random_uuid()",
        "adjustment_without_charge",
        "is an adjustment of a charge that does not exist",
    ),
    "a count of open estimates": (
        "UPDATE accounts SET open_estimates = 4 WHERE id = 'u2'",
        "counter_differs",
        "default: USER u2: open_estimates is 4, should be 1",
    ),
}

COUNTERS = [f"{counter} usd_micros per {period.name}" for period in Period for counter in ("spent", "held")]
CORRUPTIONS |= {
    f"{words} off by one": (
        f"UPDATE accounts SET counters[{position}] = counters[{position}] + 1 WHERE kind = 3 AND id = 'g'",
        "counter_differs",
        f"default: GROUP g: {words} is {stored + 1}, should be {stored}",
    )
    for position, words in enumerate(COUNTERS, 1)
    for stored in [7 if position % 2 else 5]
}
CORRUPTIONS |= {
    "a count of open unpriced charges": (
        "UPDATE accounts SET open_unpriced = 1 WHERE id = 'u2'",
        "counter_differs",
        "default: USER u2: open_unpriced is 1, should be 0",
    ),
    "a limit without its change": (
        "DELETE FROM limit_changes",
        "limit_without_change",
        "default: limit of GROUP_POOL g on usd_micros per LIFETIME is 1000, but no change in its history",
    ),
    "a limit that its last change does not tell of": (
        "UPDATE limits SET amount = 2000",
        "limit_differs",
        "default: limit of GROUP_POOL g on usd_micros per LIFETIME is 2000, should be 1000 by its last change",
    ),
    "a limit that is gone": (
        "DELETE FROM limits",
        "limit_missing",
        "default: limit of GROUP_POOL g on usd_micros per LIFETIME is not there, should be 1000",
    ),
    "a second charge of one expiry": (
        f"""
        UPDATE charges SET origin = 3, hold_id = '{HOLD}';
        """,
        "two_expiry_charges",
        f"default: hold {HOLD} has expired once, but was charged for it more than once",
    ),
    "a charge that names the hold of somebody else": (
        f"UPDATE charges SET hold_id = '{HOLD}' WHERE user_id = 'u2'",
        "charge_of_another",
        f"default: hold {HOLD} belongs to somebody else than a charge that names it (charge ",
    ),
    "a chain that does not end in its chat": (
        "UPDATE chats SET chain = ARRAY['root', 'other'] WHERE id = 'child'",
        "broken_chain",
        "default: CHAT child has a chain that does not end in it (chain: root > other)",
    ),
    "a hold in no chat": (
        "DELETE FROM chats WHERE id = 'child'",
        "hold_in_unknown_chat",
        "default: CHAT child is named by a hold but does not exist",
    ),
    "an account of no chat": (
        "UPDATE accounts SET id = 'other' WHERE kind = 2 AND id = 'child'",
        "account_of_unknown_chat",
        "default: CHAT other has an account row but does not exist",
    ),
    "an open hold that is not in flight": (
        "UPDATE holds SET held = held - 'in_flight' WHERE state = 1",
        "open_hold_not_in_flight",
        f"default: hold {HOLD} is open but does not count as one in flight",
    ),
    "an open charge whose cost is known": (
        "UPDATE charges SET settlement = 1 WHERE open",
        "open_but_actual",
        "is a charge still open although its real cost is known",
    ),
    "a limit made unlimited past its history": (
        "UPDATE limits SET amount = NULL",
        "limit_differs",
        "default: limit of GROUP_POOL g on usd_micros per LIFETIME is UNLIMITED, should be 1000",
    ),
    "a charge in another chat than its hold": (
        f"UPDATE charges SET hold_id = '{HOLD}', chain = ARRAY['root'] WHERE user_id = 'u1'",
        "charge_of_another",
        f"default: hold {HOLD} belongs to somebody else than a charge that names it (charge ",
    ),
}
CORRUPTIONS |= {
    f"an id that occurs twice in {table}": (
        f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_pkey CASCADE;
        INSERT INTO {table} SELECT * FROM {table} LIMIT 1
        """,
        "duplicate_id",
        f"default: {table} ",
    )
    for table in ("holds", "charges", "adjustments", "chats", "accounts")
}
REPAIRED = [
    "a counter off by one",
    *(f"{words} off by one" for words in COUNTERS),
    "a charge without account row",
    "a pool without account",
    "a hold without its held sum",
    "a count of open estimates",
    "a count of open unpriced charges",
    "a lost charge",
]
BEYOND_REPAIR = ["an orphan chat", "a charge in no chat", "a duplicate id", "a net that nothing explains"]


async def some_history(store: Store) -> None:
    await store.clock.freeze(NOON)
    await set_limit(store, 1000, TargetKind.GROUP_POOL, "g")
    charge = (await committed(store, spend(9, groups=("g",), chat="child", parent="root"))).charge
    await adjusted(store, refund(charge.id, 2))
    await committed(store, spend(3, user="u2", settlement=Settlement.ESTIMATE))
    await checked(store, hold(5, groups=("g",), chat="child", ttl=86400, hold_id=HOLD))
