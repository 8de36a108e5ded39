"""End what an earlier supervisor left, so that PostgreSQL can start.

Called only by the holder of the data directory's lock: whatever still runs there has lost its supervisor.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from almoner_server.embedded.errors import StartError
from almoner_server.embedded.paths import SOCKET_NAME, Layout
from almoner_server.embedded.pidfile import PidFile
from almoner_server.embedded.processes import serves, serving

# Fast shutdown, then immediate shutdown, then none; each with the seconds it is given.
ORPHAN_SIGNALS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
# Backends whose postmaster was killed leave by themselves, unless they are in a long computation.
STRAY_SIGNALS = ((None, 0.3), (signal.SIGKILL, 5.0))
POLL_SECONDS = 0.01


async def clear_leftovers(layout: Layout) -> None:
    """Stop an orphaned PostgreSQL of this cluster and remove its lock files, which now name nobody.

    Raises:
        StartError: it does not end, not even by force.
    """
    left = PidFile.read(layout.cluster)
    if left is not None:
        pid = left.pid
        await _end(lambda: [pid] if serves(pid, layout.cluster) else [], ORPHAN_SIGNALS)
    await _end(lambda: serving(layout.cluster), STRAY_SIGNALS)
    # PostgreSQL would refuse to start if the process id in one of these belonged to any process of its user.
    PidFile.path(layout.cluster).unlink(missing_ok=True)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (layout.socket_dir / name).unlink(missing_ok=True)


async def _end(
    alive: Callable[[], list[int]], signals: Iterable[tuple[signal.Signals | None, float]]
) -> None:
    for number, patience in signals:
        deadline = time.monotonic() + patience
        if number is not None:
            _send(alive(), number)
        while alive():
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        else:
            return
    raise StartError(f"an earlier PostgreSQL does not end: processes {alive()}; end them, then start again")


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
