"""Several server processes on one database."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench import servers
from bench.audit import audit
from bench.figures import Better, Comparison, Figures
from bench.load.batches import Batches
from bench.load.closed_loop import ClosedLoop
from bench.load.job import Job, Window
from bench.load.over_grpc import OverGrpc
from bench.sections.base import PER_SECOND, Plot, Section, add_cores, measured
from bench.sections.batch import users_for
from bench.shares import bounded, can_bound
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "processes"
CALLERS, SIZE, AT_ONCE = 64, 32, 4
"""Of each server."""
SINGLE, BATCHES = "single calls", f"batches of {SIZE}"
SHARE = 0.3
"""Of a core, for each server, where there has to be room for a second one."""
WITH_ROOM = 2
"""How many such servers leave PostgreSQL and the load the rest of two cores."""
BOUNDED = f", {SHARE:.0%} of a core each"


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure one, two and four servers of each kind with each kind of load, round by round."""
    dsn = await stage.database()
    most = max(stage.scale.servers)
    async with AsyncExitStack() as running:
        ours = [await running.enter_async_context(servers.almoner(dsn)) for _ in range(most)]
        floor = [await running.enter_async_context(stage.noop()) for _ in range(most)]
        booked = sum([await stage.warmed(dsn, server, Traffic()) for server in ours])
        for _ in range(stage.scale.rounds):
            for count in stage.scale.servers:
                for load in (SINGLE, BATCHES):
                    for kind in (floor[:count], ours[:count]):
                        counted = await _measure(stage, figures, load, kind)
                        booked += counted if kind[0] in ours else 0
                    if count <= WITH_ROOM and can_bound():
                        with bounded([one.pid for one in ours[:count]], SHARE):
                            booked += await _measure(stage, figures, load, ours[:count], BOUNDED)
    await audit(dsn, booked)


async def _measure(
    stage: Stage, figures: Figures, load: str, kind: Sequence[servers.Server], how: str = ""
) -> int:
    window, name = stage.window(), f"{kind[0].name}, {load}{how}"
    jobs = [_job(load, one, place, window) for place, one in enumerate(kind)]
    result = await measured(stage, window, jobs, [one.pid for one in kind])
    figures.add(NAME, PER_SECOND, name, len(kind), result.outcome.rate)
    add_cores(figures, NAME, name, len(kind), result)
    return result.outcome.booked


def _job(load: str, server: servers.Server, place: int, window: Window) -> Job:
    """Load one server from a process of its own. No two processes call for the same user."""
    users = users_for(SIZE)
    opening = OverGrpc(server.address, Traffic(users=users, first=place * users), lean=True)
    if load == SINGLE:
        return ClosedLoop(opening, CALLERS, window)
    return Batches(opening, SIZE, AT_ONCE, window)


def _scaling(contestant: str, target: float | None = None) -> Comparison:
    """Compare several servers with one."""
    return Comparison(
        contestant,
        PER_SECOND,
        contestant,
        Better.HIGHER,
        yardstick_point="1",
        target=target,
        target_point="2",
        guarded=False,
    )


SECTION = Section(
    name=NAME,
    title="Several server processes",
    scale="servers",
    about="""\
Servers with a port each share one database; each is loaded by a process of its own, for users of its own. Servers,
database and load share the cores of this machine, so more servers help only where cores are left. The generator leaves
the room: gRPC's Python client would take as much CPU as a server, so the calls are made by hand here, frames with fixed
headers round requests serialized beforehand (`load/lean.py`), and no answer is parsed. The cores that it kept busy
stand below, beside those of servers and PostgreSQL, and are what to look at before believing a ratio: two servers
cannot do more than one times the cores of the machine divided by all the cores that were busy with one.

So the same is measured with room, and there the target counts: each server gets 30 % of a core and no more, by a
control group of the kernel (`shares.py`; it takes Linux and root), and two of them with their database and load leave
half of two cores idle. (Two cores of a virtual machine may be the two threads of one: then what is idle on the one
speeds up the other, and a share that leaves less idle measures that.)""",
    measure=measure,
    comparisons=(
        _scaling(f"almoner, {SINGLE}{BOUNDED}", target=1.5),
        _scaling(f"almoner, {BATCHES}{BOUNDED}", target=1.5),
        _scaling(f"almoner, {SINGLE}"),
        _scaling(f"almoner, {BATCHES}"),
        _scaling(f"no-op, {SINGLE}"),
    ),
    plots=(Plot(PER_SECOND),),
)
