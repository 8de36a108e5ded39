"""The road between server and database: cut, half open or black, at every stage of a transaction."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.faults.conftest import Trial, briefly
from tests.faults.load import Pace
from tests.faults.pieces import asks, binds, ends, has_done
from tests.faults.proxy import POSTGRES, Act, Road, Trap, Way, road
from tests.faults.service import service

WRITE = binds(b'"revision"')
"""A batch's second statement, which is a transaction of its own: it names the revisions it was decided on."""
READ = binds(without=b'"revision"')
COMMIT = asks(b"COMMIT")
"""The end of a transaction of several statements: a top-up's, or of a batch that has locked its rows first."""
BREAKS = {
    "before a batch reads": (Way.UP, READ, Act.CUT),
    "after a batch has read": (Way.DOWN, has_done(READ), Act.CUT),
    "before a batch writes": (Way.UP, WRITE, Act.CUT),
    "in the middle of its commit": (Way.UP, ends(WRITE), Act.CUT_AFTER),
    "after its commit, answer lost": (Way.DOWN, has_done(WRITE), Act.CUT),
    "after its commit, answer torn": (Way.DOWN, has_done(WRITE), Act.TEAR),
    "before COMMIT of a top-up": (Way.UP, COMMIT, Act.CUT),
    "in the middle of COMMIT of a top-up": (Way.UP, COMMIT, Act.CUT_AFTER),
    "after COMMIT of a top-up, answer lost": (Way.DOWN, has_done(COMMIT), Act.CUT),
}
SILENCES = {
    "a read": (Way.UP, READ, Act.SWALLOW),
    "a write": (Way.UP, WRITE, Act.SWALLOW),
    "the end of a write": (Way.UP, ends(WRITE), Act.SWALLOW),
    "the answer to a write": (Way.UP, ends(WRITE), Act.SWALLOW_AFTER),
    "COMMIT of a top-up": (Way.UP, COMMIT, Act.SWALLOW),
    "COMMIT of a top-up, and only the database believes in the connection": (Way.UP, COMMIT, Act.HALF_OPEN),
}
NOTICED_SECONDS = 8.0
"""What a call may take through a connection that swallows it: 2 s of patience, and a slow machine."""
EVERY = 5
"""Statements of a kind between two faults."""


@briefly(BREAKS, ("before a batch writes", "in the middle of its commit", "after its commit, answer lost"))
async def test_a_connection_that_breaks(
    trial: Trial, pace: Pace, database: str, log: Path, stage: str
) -> None:
    way, matches, act = BREAKS[stage]
    async with (
        road(POSTGRES, socket_of(database)) as way_there,
        service(log, "--database-url", by(way_there, database)) as server,
        trial(f"server to database cut {stage}", database, [server.address]),
    ):
        way_there.trap = Trap(way, matches, act, times=pace.times, every=EVERY)
        await way_there.trap.exhausted()


@briefly(SILENCES, ("the end of a write",))
async def test_a_connection_that_swallows_everything(
    trial: Trial, pace: Pace, database: str, log: Path, stage: str
) -> None:
    way, matches, act = SILENCES[stage]
    async with (
        road(POSTGRES, socket_of(database)) as way_there,
        service(log, "--database-url", by(way_there, database)) as server,
        trial(f"server to database swallows {stage}", database, [server.address]) as load,
    ):
        for _ in range(pace.times // 2):
            way_there.trap = Trap(way, matches, act)
            await way_there.trap.exhausted()
            await load.answers(pace.after)
        assert load.longest_gap() < NOTICED_SECONDS


def socket_of(dsn: str) -> Path:
    """Return the Unix socket of a database."""
    given = parse_qs(urlsplit(dsn).query)
    return Path(given["host"][0], f".s.PGSQL.{given['port'][0]}")


def by(way_there: Road, dsn: str) -> str:
    """Return the DSN of the same database, by a road."""
    user, name = urlsplit(dsn).username, urlsplit(dsn).path
    return f"postgresql://{user}@{way_there.address}{name}?sslmode=disable"
