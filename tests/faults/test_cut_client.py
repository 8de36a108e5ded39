"""The road between callers and server: cut, half open or black, at every stage of a call."""

from pathlib import Path

import pytest

from tests.faults.conftest import Trial, briefly
from tests.faults.load import Pace
from tests.faults.pieces import is_body
from tests.faults.proxy import GRPC, Act, Trap, Way, road
from tests.faults.service import service

BREAKS = {
    "before it is sent": (Way.UP, Act.CUT),
    "while it is sent": (Way.UP, Act.TEAR),
    "after it was sent": (Way.UP, Act.CUT_AFTER),
    "answer lost": (Way.DOWN, Act.CUT),
    "answer torn": (Way.DOWN, Act.TEAR),
    "before it is sent, and the server does not notice": (Way.UP, Act.HALF_OPEN),
    "answer lost, and the server does not notice": (Way.DOWN, Act.HALF_OPEN),
}
SILENCES = {
    "requests": (Way.UP, Act.SWALLOW),
    "answers": (Way.UP, Act.SWALLOW_AFTER),
}
NOTICED_SECONDS = 40.0
"""What calls may take through a connection that swallows them: a ping within 20 s, 5 s for its answer, some slack."""
BRIEFLY = ("after it was sent", "answer lost", "before it is sent, and the server does not notice")
EVERY = 37
"""Bodies between two cuts: enough for callers to have several calls under way again."""


@briefly(BREAKS, BRIEFLY)
async def test_a_connection_that_breaks(
    trial: Trial, pace: Pace, database: str, log: Path, stage: str
) -> None:
    way, act = BREAKS[stage]
    async with (
        service(log, "--database-url", database) as server,
        road(GRPC, server.address) as way_there,
        trial(f"client to server cut: {stage}", database, [way_there.address]),
    ):
        way_there.trap = Trap(way, is_body, act, times=pace.times, every=EVERY)
        await way_there.trap.exhausted()


@pytest.mark.full
@pytest.mark.parametrize("stage", SILENCES)
async def test_a_connection_that_swallows_everything(
    trial: Trial, pace: Pace, database: str, log: Path, stage: str
) -> None:
    way, act = SILENCES[stage]
    async with (
        service(log, "--database-url", database) as server,
        road(GRPC, server.address) as way_there,
        trial(f"client to server swallows {stage}", database, [way_there.address]) as load,
    ):
        way_there.trap = Trap(way, is_body, act, times=pace.processes)
        await way_there.trap.exhausted()
        await load.answers(pace.after)
        assert load.longest_gap() < NOTICED_SECONDS
