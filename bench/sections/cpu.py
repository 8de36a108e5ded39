"""What a call costs the server."""

from bench import servers
from bench.audit import audit
from bench.cpu import seconds_of
from bench.figures import Better, Comparison, Figures
from bench.load.closed_loop import Checks, Commits
from bench.load.job import Job, Outcome
from bench.load.over_grpc import OverGrpc
from bench.sections.base import Plot, Section
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "cpu"
CALLERS = 64
SERVER, POSTGRES = "server CPU us a call", "PostgreSQL CPU us a call"


async def measure(stage: Stage, figures: Figures) -> None:
    """Count a number of checks, then their commits, of both servers in turn."""
    dsn = await stage.database()
    async with stage.noop() as floor, servers.almoner(dsn) as server:
        booked = await stage.warmed(dsn, server, Traffic())
        for number in range(stage.scale.rounds + 1):
            kept = Figures() if number == 0 else figures  # the first round warms up
            await _count(stage, kept, floor)
            booked += await _count(stage, kept, server)
    await audit(dsn, booked)


async def _count(stage: Stage, figures: Figures, server: servers.Server) -> int:
    opening = OverGrpc(server.address)
    checked = await _cost(
        stage, figures, server, "CheckQuota", Checks(opening, CALLERS, stage.scale.counted_calls)
    )
    committed = await _cost(stage, figures, server, "Commit", Commits(opening, CALLERS, checked.tickets))
    return committed.booked


async def _cost(stage: Stage, figures: Figures, server: servers.Server, call: str, job: Job) -> Outcome:
    before = (seconds_of(server.pid), stage.postgres_seconds())
    outcome = await stage.run(job)
    after = (seconds_of(server.pid), stage.postgres_seconds())
    served, stored = (late - early for early, late in zip(before, after, strict=True))
    figures.add(NAME, SERVER, server.name, call, served / stage.scale.counted_calls * 1e6)
    figures.add(NAME, POSTGRES, server.name, call, stored / stage.scale.counted_calls * 1e6)
    return outcome


SECTION = Section(
    name=NAME,
    title="CPU per call",
    scale="call",
    about=f"""\
User and system time of the server's process alone, for a fixed number of calls from {CALLERS} callers: CheckQuota with
a hold, then the Commit of each. The CPU of PostgreSQL stands by itself. The no-op server does not use it, so what it
shows there is the database's own housekeeping.""",
    measure=measure,
    comparisons=(
        Comparison("almoner", SERVER, "no-op", Better.LOWER, target=1.6, target_point="CheckQuota"),
    ),
    plots=(Plot(SERVER),),
)
