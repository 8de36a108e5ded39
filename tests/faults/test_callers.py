"""Callers that die between hold and commit: nobody waits for their money longer than its time."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from almoner_server.store import Store

from tests.faults.caller import HOLD_SECONDS
from tests.faults.conftest import Trial
from tests.faults.service import service


async def test_callers_killed_between_hold_and_commit(
    trial: Trial, database: str, store: Store, log: Path
) -> None:
    async with service(log, "--database-url", database) as server:
        async with trial("kill -9 of callers between hold and commit", database, [server.address]) as load:
            await load.kill()
            while not (held := await holds_left(database)):  # killed when nobody held anything
                await load.start([server.address])
                await load.answers(20)
                await load.kill()
            await load.start([server.address])
            await load.answers(20)
            assert held <= await open_holds(database), "their time has not come"
            await load.stop()  # else somebody's hold expires just before it is released
            await store.clock.advance(timedelta(seconds=HOLD_SECONDS))
            await load.start([server.address])
            await load.answers(20)
        assert not held & await open_holds(database)


async def holds_left(dsn: str) -> set[UUID]:
    """Return the open holds once all that dead callers had asked for is done."""
    held, before = await open_holds(dsn), None
    while held != before:
        await asyncio.sleep(0.2)
        held, before = await open_holds(dsn), held
    return held


async def open_holds(dsn: str) -> set[UUID]:
    """Return the open holds whose callers meant to settle them."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT id FROM holds WHERE state = 1 AND expire_time > admit_time + '1 minute'"
        )
        return {row["id"] for row in rows}
    finally:
        await connection.close()
