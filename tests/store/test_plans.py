"""No statement of the hot path reads more rows than its batch is about, however large the database: promise 9.

The plans are those that PostgreSQL used while the store ran, whichever statements these are, with plans made for
the parameters and with plans made once for all.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Check, Extend, Release, Request
from almoner_server.core.status import StatusRequest
from almoner_server.core.terms import HoldState, TargetKind
from almoner_server.store import Store

from bench.filling import fill
from bench.traffic import user_id
from tests.store.asking import USD, hold, refund, set_limit, settle, spend
from tests.store.plans import GROWING, Plan, Plans, explained
from tests.support.postgres import Postgres

USERS, ENTRIES, LIMITS = 30_000, 30_000, 30_000
MORE = """
    INSERT INTO user_groups
    SELECT 'default', 'member-' || number, ARRAY['team'] FROM generate_series(1, 30000) AS number;
    INSERT INTO chats
    SELECT 'default', 'idle-' || number, ARRAY['idle-' || number], now() FROM generate_series(1, 30000) AS number;
    INSERT INTO adjustments
    SELECT 'default', gen_random_uuid(), id, 1, '{}', '{}', '', create_time, fingerprint, net, false FROM charges;
    INSERT INTO holds (
        namespace, id, user_id, groups, chain, held, spent, state, on_expiry, admit_time, expire_time,
        admitted_expire_time, settle_time, attributes, fingerprint, answer
    )
    SELECT
        'default', gen_random_uuid(), user_id, '{}', '{}', '{"in_flight": 1}', '{}', 1, 1, create_time, 'infinity',
        'infinity', NULL, '{}', fingerprint, '[]'
    FROM charges;
    VACUUM ANALYZE
"""
ROWS_A_REQUEST = 10
"""A request has its user, two chats, a pool, a hold, a charge and their limits; each may be met twice."""

# asyncpg warns of listeners on a connection that goes back to its pool: here each is set up anew.
pytestmark = pytest.mark.filterwarnings("ignore:.*listener:asyncpg.InterfaceWarning")


@pytest.fixture(scope="module")
async def filled(postgres: Postgres) -> AsyncIterator[str]:
    """Fill a database far enough that an index is worth it for every table, and analyze it."""
    dsn = await postgres.create_database()
    await fill(dsn, users=USERS, entries=ENTRIES, limits=LIMITS)
    connection = await asyncpg.connect(dsn)
    for statement in MORE.split(";"):
        await connection.execute(statement)
    await connection.close()
    yield dsn
    await postgres.drop_database(dsn)


@pytest.mark.parametrize("size", [1, 50])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_the_hot_path_reads_what_it_is_about_and_no_more(
    filled: str, mode: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = Plans()
    async with explained(filled, plans, mode, monkeypatch) as store:
        await set_limit(store, 10**12, TargetKind.GROUP_POOL, f"pool-{mode}-{size}")
        plans.found.clear()
        checks = _checks(size, f"pool-{mode}-{size}")
        await _run(store, checks)
        await _run(store, checks)  # retries: their holds are found
        await _run(store, [Extend("default", _id(check), {USD: 7}, None) for check in checks])
        async with explained(filled, plans, mode, monkeypatch) as other:  # which remembers nothing
            await _run(other, [settle(_id(check), 5, partial=True, charge_id=uuid4()) for check in checks])
            charges = [spend(5, user=check.user) for check in checks]
            await _run(other, charges)
            await _run(other, [refund(charge.charge_id, 1) for charge in charges])
            await _run(other, [Release("default", _id(check)) for check in checks])
            await other.read_status(StatusRequest("default", checks[0].user, (), checks[0].chat, ""))
            await other.upkeep.holds_due()
    assert plans.touched >= GROWING - {"limit_changes"}
    assert "\n".join(_complaints(plans.found, size)) == ""


@pytest.mark.parametrize("size", [1, 50])
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_look_for_holds_that_are_due_reads_those_and_no_more(
    filled: str, mode: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = Plans()
    async with explained(filled, plans, mode, monkeypatch) as store:
        checks = [hold(10, user=user_id(number), ttl=60) for number in range(size)]
        await _run(store, checks)
        await _make_due(filled)
        plans.found.clear()
        due = await store.upkeep.holds_due()
        assert sorted(expire.hold_id for expire in due.requests) == sorted(map(_id, checks))
    assert {"expiries", "holds"} <= plans.touched
    assert "\n".join(_complaints(plans.found, size)) == ""


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_list_of_open_holds_reads_those_and_no_settled_ones(
    database: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = Plans()
    async with explained(database, plans, mode, monkeypatch) as store:
        opened, settled = [hold(10) for _ in range(5)], [hold(10, ttl=60) for _ in range(1000)]
        await _run(store, opened)
        await _run(store, settled)
        await _run(store, [Release("default", _id(check)) for check in settled])
        await _make_due(database)
        await store.upkeep.holds_due()  # takes the settled ones off the list
        plans.found.clear()
        page = await store.ledger.holds("default", state=HoldState.OPEN)
        assert {one.id for one in page.items} == set(map(_id, opened))
    assert [plan.touched["holds"] for plan in plans.found if "holds" in plan.touched] == [5]


async def test_a_look_for_holds_that_are_due_is_short_where_nothing_has_been_analyzed(database: str) -> None:
    store = await Store.open(database)
    await store.upkeep.holds_due()  # a plan made now is one for empty tables
    for number in range(20):
        await _run(store, [hold(10, user=user_id(number), ttl=60) for _ in range(500)])
        await store.upkeep.holds_due()
    await _make_due(database)
    async with asyncio.timeout(2):
        assert len((await store.upkeep.holds_due(holds=10_000)).requests) == 10_000
    await store.close()


async def _make_due(dsn: str) -> None:
    """Have the time of all holds of a minute run out; those of before are passed over."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM expiries WHERE expire_time < now()")
    for table in ("holds", "expiries"):
        await connection.execute(
            f"UPDATE {table} SET expire_time = now() - interval '1 s' WHERE expire_time < now() + interval '2 min'"
        )
    await connection.close()


def test_a_plan_that_reads_a_whole_table_or_too_many_rows_is_complained_about() -> None:
    scan = {"Node Type": "Seq Scan", "Relation Name": "holds", "Actual Rows": 3, "Actual Loops": 1}
    fetched = {"Node Type": "Index Scan", "Relation Name": "limits", "Actual Rows": 1, "Actual Loops": 1}
    filtered = fetched | {"Rows Removed by Filter": 500}
    join = {"Node Type": "Nested Loop", "Actual Rows": 3, "Actual Loops": 1}
    assert _complaints([Plan("a", join | {"Plans": [scan]})], 10) == ["a reads all of holds"]
    assert _complaints([Plan("b", join | {"Plans": [filtered]})], 10) == [
        "b reads 501 rows of limits for 10 requests"
    ]
    assert _complaints([Plan("c", join | {"Plans": [fetched]})], 10) == []


def _checks(size: int, pool: str) -> list[Check]:
    """Ask for users that are there already, most of them in a new chat below one that is there too."""
    return [
        hold(
            10,
            user=user_id(number),
            groups=(pool,),
            chat=f"{uuid4()}" if number % 3 else f"chat-of-{number * 10}",
            parent=f"chat-of-{number * 10}" if number % 3 else "",
        )
        for number in range(size)
    ]


async def _run(store: Store, requests: Sequence[Request]) -> None:
    outcome = await store.run_batch(requests)
    assert not [answer for answer in outcome.results if isinstance(answer, RequestFailed | Exception)]


def _id(check: Check) -> UUID:
    assert check.hold is not None
    return check.hold.id


def _complaints(plans: Sequence[Plan], size: int) -> list[str]:
    most = ROWS_A_REQUEST * size
    found = [f"{plan.statement} reads all of {table}" for plan in plans for table in plan.read_whole]
    found += [
        f"{plan.statement} reads {rows} rows of {table} for {size} requests"
        for plan in plans
        for table, rows in plan.touched.items()
        if rows > most
    ]
    return sorted(set(found))
