"""Playing a script: every call holds its estimate, takes its time, and commits its cost."""

import asyncio
from dataclasses import dataclass
from time import monotonic, perf_counter_ns

from almoner import Client, Hold
from almoner.cli.replay.script import Script, ScriptedCall
from almoner.cli.replay.tally import COMMIT, HOLD, REFUSED, Tally
from almoner.errors import CallError, Refused


@dataclass(frozen=True, slots=True)
class Pace:
    """Says how fast to play."""

    speed: float | None
    """How many times faster than real time arrivals and models are. None: as fast as can be."""
    concurrency: int
    """How many calls are under way at most."""
    wait: float
    """Seconds that a call may wait on the server for open holds to settle."""

    def seconds(self, real: float) -> float:
        """Convert seconds of the trace to seconds of the play."""
        return 0.0 if self.speed is None else real / self.speed


class Player:
    """Plays a script against a server and counts what happens."""

    def __init__(self, quota: Client, pace: Pace, tally: Tally) -> None:
        self._quota = quota
        self._pace = pace
        self._tally = tally
        self._free = asyncio.Semaphore(pace.concurrency)

    async def play(self, script: Script) -> None:
        """Play all calls, each at its time or, while too many are under way, as soon as one has ended."""
        start = monotonic()
        async with asyncio.TaskGroup() as calls:
            for call in script.calls():
                due = start + self._pace.seconds(call.traced.arrival)
                if (early := due - monotonic()) > 0:
                    await asyncio.sleep(early)
                await self._free.acquire()
                if self._pace.speed is not None:
                    self._tally.latest_start = max(self._tally.latest_start, monotonic() - due)
                calls.create_task(self._play_one(call))
        self._tally.seconds = monotonic() - start

    async def _play_one(self, call: ScriptedCall) -> None:
        kind = HOLD
        try:
            hold = await self._hold(call)
            if hold is not None:
                await asyncio.sleep(self._pace.seconds(call.model_seconds))
                kind = COMMIT
                await self._commit(hold, call)
        except CallError as error:
            self._tally.fail(kind, error)
        finally:
            self._tally.played += 1
            self._free.release()

    async def _hold(self, call: ScriptedCall) -> Hold | None:
        """Set the estimate aside, None if that is refused."""
        caller, begun = call.caller, perf_counter_ns()
        try:
            hold = await self._quota.open_hold(
                user=caller.user,
                groups=caller.groups,
                chat=caller.chat,
                parent=caller.parent,
                amounts=call.estimate,
                wait=self._pace.wait,
                attributes={"model": caller.model.name},
            )
        except Refused as refused:
            self._took(REFUSED, begun)
            self._tally.refuse(refused.decision)
            return None
        self._took(HOLD, begun)
        self._tally.allowed += 1
        self._tally.degraded += hold.degraded
        return hold

    async def _commit(self, hold: Hold, call: ScriptedCall) -> None:
        begun = perf_counter_ns()
        committed = await hold.commit(amounts=call.cost)
        self._took(COMMIT, begun)
        self._tally.book(committed.charge.amounts, committed.overrun)

    def _took(self, kind: str, begun: int) -> None:
        self._tally.latencies[kind].append(perf_counter_ns() - begun)
