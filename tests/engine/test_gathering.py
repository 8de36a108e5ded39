"""Gathering: on a busy server a batch waits for those who are about to ask, on a quiet one nobody waits."""

import asyncio

import pytest
from almoner_server.engine import Engine, EngineOptions, gathering
from almoner_server.engine.gathering import Gathering

from tests.engine.gated_store import GatedStore, settle_down
from tests.engine.requests import check

BUSY = 8
"""Callers who ask again as soon as they are answered."""


def busy() -> Gathering:
    """Return what a lane knows after a few batches of BUSY calls."""
    lane = Gathering()
    for _ in range(8):
        lane.carried(BUSY, 0)
    return lane


async def test_a_quiet_server_waits_for_nobody() -> None:
    lane = Gathering()
    for _ in range(8):
        lane.carried(1, 1)
    with pytest.raises(StopIteration):
        lane.gather([1]).send(None)


async def test_a_busy_server_waits_until_all_have_come_who_were_there_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "LONGEST_SECONDS", 3600.0)
    lane, queue = busy(), [1]
    waiting = asyncio.create_task(lane.gather(queue))
    while len(queue) < BUSY:
        await settle_down()
        assert not waiting.done()
        queue.append(1)
        lane.arrived(len(queue))
    await waiting


async def test_who_does_not_come_back_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LONGEST_SECONDS", 0.0)
    await busy().gather([1])


async def test_after_a_rush_a_lone_call_soon_goes_at_once() -> None:
    lane = busy()
    for _ in range(8):
        lane.carried(1, 0)
    with pytest.raises(StopIteration):
        lane.gather([1]).send(None)


async def test_callers_who_ask_again_share_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LONGEST_SECONDS", 3600.0)
    gated = GatedStore()
    gated.gate.set()
    async with Engine(gated, EngineOptions(lanes=1)) as engine:
        for number in range(20):  # the first few by themselves, since nobody waits on a quiet server
            await asyncio.gather(*(engine.check(check(f"u{number}")) for _ in range(BUSY)))
        late = [asyncio.create_task(engine.check(check("u0"))) for _ in range(BUSY - 1)]
        await settle_down()
        before = len(gated.begun)
        assert not any(call.done() for call in late)
        await asyncio.gather(engine.check(check("u1")), *late)
        assert [len(batch) for batch in gated.begun[before:]] == [BUSY]
