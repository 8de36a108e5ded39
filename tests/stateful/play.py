"""Play histories against a server process on a database."""

import asyncio

from almoner_server.store import Report, Store
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.machine import Authority
from tests.stateful.wire import Wire
from tests.support.server import server_process

PLAIN = settings(
    database=None, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck)
)
"""What every run has in common: no memory of runs before, no hurry, one story at a time."""


async def play(dsn: str, how: settings) -> Report:
    """Play and verify. Raises AssertionError at the first answer that differs, with the shortest story to it."""
    # Every call writes a line about the clock otherwise, and nobody reads what the process writes.
    options = ("--database-url", dsn, "--test-clock", "--log-level", "ERROR")
    async with server_process(*options) as server:
        with Wire(server.address) as wire:
            await asyncio.to_thread(
                run_state_machine_as_test,
                lambda: Authority(wire),  # type: ignore[arg-type] # whatever makes one will do
                settings=how,
            )
        store = await Store.open(dsn)
        try:
            report = await store.upkeep.verify()
        finally:
            await store.close()
    assert report.findings == (), report.findings
    assert report.charges > 0
    return report
