"""Play histories against a server on a database."""

import asyncio

from almoner_server.store import Report, Store
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.history import History
from tests.stateful.machine import Authority, InRealTime
from tests.stateful.wire import Wire
from tests.support.server import authority, server_process

PLAIN = settings(
    database=None, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck)
)
"""What every run has in common: no memory of runs before, no hurry, one story at a time."""


async def play(dsn: str, how: settings) -> Report:
    """Play with a clock that is set, and verify.

    Raises AssertionError at the first answer that differs, with the shortest story that leads to it.
    """
    # Setting the clock writes a warning each time otherwise, and nobody reads what the process writes.
    options = ("--database-url", dsn, "--test-clock", "--log-level", "ERROR")
    async with server_process(*options) as server:
        await _play(server.address, Authority, how)
    return await _verified(dsn)


async def play_in_real_time(dsn: str, how: settings) -> Report:
    """Play while the clock runs, against a server in this process. Raises as `play` does."""
    async with authority(dsn, test_clock=False) as server:
        await _play(server.address, InRealTime, how)
    return await _verified(dsn)


async def _play(address: str, machine: type[History], how: settings) -> None:
    with Wire(address) as wire:
        await asyncio.to_thread(
            run_state_machine_as_test,
            lambda: machine(wire),  # type: ignore[arg-type] # whatever makes one will do
            settings=how,
        )


async def _verified(dsn: str) -> Report:
    store = await Store.open(dsn)
    try:
        report = await store.upkeep.verify()
    finally:
        await store.close()
    assert report.findings == (), report.findings
    assert report.charges > 0
    return report
