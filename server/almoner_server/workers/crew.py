"""Keep a number of workers at work, and end them together."""

import asyncio
import logging
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from almoner_server.workers.errors import WorkersFailed
from almoner_server.workers.orders import Orders
from almoner_server.workers.worker import Worker

logger = logging.getLogger(__name__)

STEADY_SECONDS = 10.0
"""Who has served for so long is started again at once when it dies."""
MAX_FAILED_STARTS = 8
"""Starts of one worker in a row that may end before it serves; then all is given up, after about 13 s."""
LONGEST_PAUSE_SECONDS = 5.0
LATE_SECONDS = 5.0
"""How long after the grace a worker may take to let go of everything."""


class Crew:
    """Starts what dies again, each worker by itself, until it is told to stop."""

    def __init__(self, orders: Sequence[Orders], grace: float) -> None:
        self._orders = orders
        self._grace = grace
        self._running: dict[int, Worker] = {}
        self._serving = [asyncio.Event() for _ in orders]
        self._stopping = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> list[int]:
        """Return the process ids, in the order of the workers."""
        return [self._running[number].pid for number in sorted(self._running)]

    async def start(self) -> None:
        """Return when every worker serves. Raises WorkersFailed."""
        self._keepers = [asyncio.create_task(self._keep(*each)) for each in enumerate(self._orders)]
        serving = asyncio.create_task(self._all_serve())
        await asyncio.wait([serving, *self._keepers], return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            serving.cancel()
            await self.ended()

    async def ended(self) -> None:
        """Wait until the crew cannot go on by itself. Raises WorkersFailed with the reason."""
        done, _ = await asyncio.wait(self._keepers, return_when=asyncio.FIRST_EXCEPTION)
        for keeper in done:
            keeper.result()

    async def stop(self) -> None:
        """Let every worker finish what it has, within the grace; then kill it.

        Raises:
            WorkersFailed: one had to be killed.
        """
        self._stopping.set()
        self._send(signal.SIGTERM)
        if not self._keepers:
            return
        ended, late = await asyncio.wait(self._keepers, timeout=self._grace + LATE_SECONDS)
        for keeper in ended:
            keeper.exception()  # heard: the first reason was told, and the others' would be more of the same
        if not late:
            return
        stuck = [(self._orders[index].worker, worker.pid) for index, worker in self._running.items()]
        self._send(signal.SIGKILL)
        await asyncio.wait(late)
        names = ", ".join(f"worker {number} (process {pid})" for number, pid in stuck)
        raise WorkersFailed(f"{names} did not end within {self._grace + LATE_SECONDS:g} s and was killed")

    async def _all_serve(self) -> None:
        for event in self._serving:
            await event.wait()

    def _send(self, number: signal.Signals) -> None:
        for worker in self._running.values():
            worker.send(number)

    async def _keep(self, index: int, orders: Orders) -> None:
        """Have one worker at work at all times. Raises WorkersFailed."""
        failed_starts = early_deaths = 0
        while not self._stopping.is_set():
            begin, (served, how) = time.monotonic(), await self._run(index, orders)
            if self._stopping.is_set():
                return
            failed_starts = 0 if served else failed_starts + 1
            early_deaths = early_deaths + 1 if time.monotonic() - begin < STEADY_SECONDS else 0
            if failed_starts == MAX_FAILED_STARTS:
                raise WorkersFailed(
                    f"worker {orders.worker} died {failed_starts} times in a row before it served, "
                    f"at last {how}, and is given up"
                )
            pause = pause_after(early_deaths)
            logger.warning("worker %d ended %s; it is started again in %.1f s", orders.worker, how, pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run(self, index: int, orders: Orders) -> tuple[bool, str]:
        """Run a worker once. Returns whether it has served, and how it ended."""
        try:
            worker = await Worker.launch(orders)
        except OSError as error:
            return False, f"at its start: {error}"
        self._running[index] = worker
        try:
            if self._stopping.is_set():
                worker.send(signal.SIGTERM)
            served = await worker.started()
            if served:
                self._note_served(index, worker.pid)
            return served, await worker.ended() or "with 0"
        finally:
            del self._running[index]

    def _note_served(self, index: int, pid: int) -> None:
        if self._serving[index].is_set():
            logger.warning("worker %d is back as process %d", self._orders[index].worker, pid)
        self._serving[index].set()


def pause_after(deaths: int) -> float:
    """Return the seconds to wait after so many early deaths in a row: 0 after one, then 0.2 doubling up to 5."""
    return min(LONGEST_PAUSE_SECONDS, 0.1 * 2 ** (deaths - 1)) if deaths > 1 else 0.0
