"""Throughput of batch calls."""

from bench import servers
from bench.audit import audit
from bench.figures import Better, Comparison, Figures
from bench.load.batches import Batches, BatchOpening
from bench.load.over_grpc import OverGrpc
from bench.schemes import raw
from bench.sections.base import PER_SECOND, Drawing, Plot, Section, add_cores, measured
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "batch"
AT_ONCE = 3
"""Batches under way: enough that client, server and database have work at once. More of them only queue."""
USERS = 2000


async def measure(stage: Stage, figures: Figures) -> None:
    """Measure each contestant with each size of batches, round by round."""
    dsn, raw_dsn = await stage.database(), await stage.database()
    await raw.prepare(raw_dsn, max(users_for(size) for size in stage.scale.batches))
    async with stage.noop() as floor, servers.almoner(dsn) as server:
        booked = await stage.warmed(dsn, server, Traffic(users=USERS))
        pids = {one.name: [one.pid] for one in (floor, server)}
        for _ in range(stage.scale.rounds):
            for size in stage.scale.batches:
                users = users_for(size)
                contestants: dict[str, BatchOpening] = {
                    one.name: OverGrpc(one.address, Traffic(users=users)) for one in (floor, server)
                }
                contestants["raw PostgreSQL"] = raw.RawPostgres(raw_dsn, users, AT_ONCE)
                for name, opening in contestants.items():
                    window = stage.window()
                    job = Batches(opening, size, AT_ONCE, window)
                    result = await measured(stage, window, [job], pids.get(name, []))
                    figures.add(NAME, PER_SECOND, name, size, result.outcome.rate)
                    add_cores(figures, NAME, name, size, result)
                    booked += result.outcome.booked if name == server.name else 0
    await audit(dsn, booked)


def users_for(size: int) -> int:
    """Return how many users let batches that are under way at once have none in common."""
    together = AT_ONCE * size
    return together * max(1, USERS // together)


SECTION = Section(
    name=NAME,
    title="Throughput of batch calls",
    scale="lifecycles in a batch",
    about=f"""\
One client process keeps {AT_ONCE} batches under way: BatchCheckQuota with holds, then BatchCommit of the same. Raw
PostgreSQL changes the same rows on the same tables, one statement for the checks of a batch and one for its commits,
each its own transaction on one of {AT_ONCE} connections, and decides nothing.""",
    measure=measure,
    comparisons=(
        Comparison("almoner", PER_SECOND, "raw PostgreSQL", Better.HIGHER),
        Comparison("almoner", PER_SECOND, "no-op", Better.HIGHER),
    ),
    plots=(Plot(PER_SECOND, Drawing.BARS),),
)
