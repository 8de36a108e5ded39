"""Play histories against two server processes on a database."""

import asyncio
import sys
from collections.abc import Sequence

from almoner_server.store import Report, Store
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful import trusting
from tests.stateful.history import History
from tests.stateful.machine import Authority, InRealTime
from tests.stateful.wire import Wire
from tests.support.server import ALMONER, server_process

PLAIN = settings(
    database=None, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck)
)
"""What every run has in common: no memory of runs before, no hurry, one story at a time."""


async def play(dsn: str, how: settings) -> Report:
    """Play with a clock that is set, and verify.

    Raises AssertionError at the first answer that differs, with the shortest story that leads to it.
    """
    return await _play(dsn, how, Authority, ("--test-clock",), ALMONER)


async def play_in_real_time(dsn: str, how: settings) -> Report:
    """Play while the clock runs, on servers that use what they remember. Raises as `play` does."""
    return await _play(dsn, how, InRealTime, (), (sys.executable, trusting.__file__))


async def _play(
    dsn: str, how: settings, machine: type[History], options: Sequence[str], program: Sequence[str]
) -> Report:
    # Setting the clock writes a warning each time otherwise, and nobody reads what the processes write.
    options = ("--database-url", dsn, "--log-level", "ERROR", *options)
    async with (
        server_process(*options, program=program) as one,
        server_process(*options, program=program) as other,
    ):
        with Wire(one.address, other.address) as wire:
            await asyncio.to_thread(
                run_state_machine_as_test,
                lambda: machine(wire),  # type: ignore[arg-type] # whatever makes one will do
                settings=how,
            )
    return await _verified(dsn)


async def _verified(dsn: str) -> Report:
    store = await Store.open(dsn)
    try:
        report = await store.upkeep.verify()
    finally:
        await store.close()
    assert report.findings == (), report.findings
    assert report.charges > 0
    return report
