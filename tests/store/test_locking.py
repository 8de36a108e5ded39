"""Rows are locked in one order, all before anything is decided, and only where something may be written."""

import asyncio

import asyncpg
import pytest
from almoner_server.store import Store, StoreOptions, StoreUnavailable
from almoner_server.store.connect import Database

from tests.store.asking import Sql, ask, checked, committed, hold, spend
from tests.support.locks import until_blocked

LOCK = "SELECT 1 FROM accounts WHERE kind = 1 AND id = $1 FOR UPDATE"


async def is_locked(database: str, user: str) -> bool:
    prober = await asyncpg.connect(database)
    try:
        return await prober.fetchval(f"{LOCK} SKIP LOCKED", user) is None
    finally:
        await prober.close()


async def test_rows_are_locked_in_the_order_of_their_ids(store: Store, database: str, sql: Sql) -> None:
    for user in "abc":
        await committed(store, spend(1, user=user))
    async with sql.transaction():
        await sql.execute(LOCK, "b")
        batch = asyncio.create_task(store.run_batch([spend(1, user=user) for user in "cba"]))
        await until_blocked(database)
        assert await is_locked(database, "a")
        assert not await is_locked(database, "c")
    await batch


async def test_a_check_without_a_hold_waits_for_nobody(store: Store, sql: Sql) -> None:
    await committed(store, spend(1))
    async with sql.transaction():
        await sql.execute(LOCK, "u1")
        assert (await asyncio.wait_for(checked(store, ask(1)), 5)).decision.allowed


async def test_a_row_locked_for_too_long_is_an_outage_not_a_hang(
    store: Store, database: str, sql: Sql
) -> None:
    await committed(store, spend(1))
    impatient = await Store.open(database, StoreOptions(lock_timeout=0.05))
    try:
        async with sql.transaction():
            await sql.execute(LOCK, "u1")
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await impatient.run_batch([hold(1)])
        assert (await checked(impatient, hold(1))).decision.allowed
    finally:
        await impatient.close()


async def test_a_replica_that_falls_silent_with_rows_locked_lets_go_of_them_soon(
    store: Store, database: str
) -> None:
    await committed(store, spend(1))
    silent = await Database.open(database, StoreOptions(statement_timeout=0.2))
    try:
        transaction = silent.transaction()
        await (await transaction.__aenter__()).execute(LOCK, "u1")
        assert (await asyncio.wait_for(checked(store, hold(1)), 5)).decision.allowed
        with pytest.raises(StoreUnavailable, match="lost"):
            await transaction.__aexit__(None, None, None)
    finally:
        await silent.close()
