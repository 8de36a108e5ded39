"""The road between server and database: cut, half open or black, at every stage of a transaction."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.faults.conftest import Trial
from tests.faults.load import Pace
from tests.faults.pieces import asks, has_done
from tests.faults.proxy import POSTGRES, Act, Road, Trap, Way, road
from tests.faults.service import service

COMMIT = asks(b"COMMIT")
COMMITTED = has_done(b"COMMIT")
BREAKS = {
    "before BEGIN": (Way.UP, asks(b"BEGIN"), Act.CUT),
    "after BEGIN": (Way.DOWN, has_done(b"BEGIN"), Act.CUT),
    "after a write": (Way.DOWN, has_done(b"INSERT"), Act.CUT),
    "before COMMIT": (Way.UP, COMMIT, Act.CUT),
    "in the middle of COMMIT": (Way.UP, COMMIT, Act.CUT_AFTER),
    "after COMMIT, answer lost": (Way.DOWN, COMMITTED, Act.CUT),
    "after COMMIT, answer torn": (Way.DOWN, COMMITTED, Act.TEAR),
}
SILENCES = {
    "before COMMIT, and the database does not notice": (Way.UP, COMMIT, Act.HALF_OPEN),
    "BEGIN swallowed": (Way.UP, asks(b"BEGIN"), Act.SWALLOW),
    "COMMIT swallowed": (Way.UP, COMMIT, Act.SWALLOW),
    "the answer to COMMIT swallowed": (Way.UP, COMMIT, Act.SWALLOW_AFTER),
}
EVERY = 23
"""Transactions between two cuts, nearly."""


@pytest.mark.parametrize("stage", BREAKS)
async def test_a_connection_that_breaks(
    trial: Trial, pace: Pace, database: str, log: Path, stage: str
) -> None:
    way, matches, act = BREAKS[stage]
    async with (
        road(POSTGRES, socket_of(database)) as way_there,
        service(log, "--database-url", by(way_there, database)) as server,
        trial(f"server to database cut: {stage}", database, [server.address]),
    ):
        way_there.trap = Trap(way, matches, act, times=pace.times, every=EVERY)
        await way_there.trap.exhausted()


@pytest.mark.full
@pytest.mark.parametrize("stage", SILENCES)
async def test_a_connection_that_swallows_everything(
    trial: Trial, pace: Pace, database: str, log: Path, stage: str
) -> None:
    way, matches, act = SILENCES[stage]
    async with (
        road(POSTGRES, socket_of(database)) as way_there,
        service(log, "--database-url", by(way_there, database)) as server,
        trial(f"server to database black: {stage}", database, [server.address]) as load,
    ):
        way_there.trap = Trap(way, matches, act, times=3, every=EVERY)
        await way_there.trap.exhausted()
        await load.answers(pace.after)


def socket_of(dsn: str) -> Path:
    """Return the Unix socket of a database."""
    given = parse_qs(urlsplit(dsn).query)
    return Path(given["host"][0], f".s.PGSQL.{given['port'][0]}")


def by(way_there: Road, dsn: str) -> str:
    """Return the DSN of the same database, by a road."""
    user, name = urlsplit(dsn).username, urlsplit(dsn).path
    return f"postgresql://{user}@{way_there.address}{name}?sslmode=disable"
