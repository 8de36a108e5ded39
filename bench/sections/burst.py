"""Who goes over the limit when many ask at once."""

from contextlib import AsyncExitStack

from almoner_server.core.records import LimitKey, Target
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store import SetLimit

from bench import servers
from bench.audit import AuditError, audit, opened
from bench.figures import Figures
from bench.load.burst import Burst
from bench.load.over_grpc import OverGrpc
from bench.load.target import Opening
from bench.schemes import SCHEMES
from bench.schemes.base import Terms
from bench.sections.base import Plot, Section
from bench.sections.schemes_ready import schemes_ready
from bench.stage import Stage
from bench.traffic import NAMESPACE, USD, Shape, Traffic, user_id

NAME = "burst"
LIMIT, MODEL_SECONDS = 5, 0.02
OVERSPEND, SECONDS = "spent beyond the limit", "seconds until all were answered"


async def measure(stage: Stage, figures: Figures) -> None:
    """Let each contestant have its burst, round by round, each time on a user who has spent nothing."""
    dsn, booked = await stage.database(), 0
    async with servers.almoner(dsn) as server:
        for number in range(stage.scale.rounds):
            await _limit(dsn, user_id(number))
            async with AsyncExitStack() as running:
                traffic = Traffic(Shape.HOT_USER, first=number, held=1, spent=1)
                contestants: dict[str, Opening] = {server.name: OverGrpc(server.address, traffic)}
                if stage.scale.schemes:
                    ready = schemes_ready(stage, SCHEMES, Terms(1, LIMIT, held=1, spent=1))
                    contestants |= await running.enter_async_context(ready)
                for name, opening in contestants.items():
                    outcome = await stage.run(Burst(opening, stage.scale.burst, MODEL_SECONDS))
                    figures.add(NAME, OVERSPEND, name, stage.scale.burst, outcome.booked - LIMIT)
                    figures.add(NAME, SECONDS, name, stage.scale.burst, outcome.seconds)
                    if name == server.name:
                        _require_exact(outcome.booked)
                        booked += outcome.booked
    await audit(dsn, booked)


async def _limit(dsn: str, user: str) -> None:
    async with opened(dsn) as store:
        key = LimitKey(Target(TargetKind.USER, user), USD, Period.MONTH)
        await store.limits.set(SetLimit(NAMESPACE, key, LIMIT))


def _require_exact(booked: int) -> None:
    """Raise AuditError unless exactly the limit was spent."""
    if booked != LIMIT:
        raise AuditError(f"almoner let {booked} of the burst through a limit of {LIMIT}")


SECTION = Section(
    name=NAME,
    title="Overspend under a burst",
    scale="callers",
    about=f"""\
All callers ask at the same moment to spend 1 of one user's {LIMIT}; who is allowed waits {MODEL_SECONDS * 1000:.0f} ms
for the model and commits 1. What is spent beyond the limit is a debt nobody agreed to. A run in which Almoner is not
exact fails.""",
    measure=measure,
    plots=(Plot(OVERSPEND),),
)
