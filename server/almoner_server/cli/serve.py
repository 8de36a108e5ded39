"""`almoner serve`."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from almoner_server.cli.running import run
from almoner_server.cli.settings import data_dir, database_url, file, port_address, setting, whole_address
from almoner_server.config import (
    LOG_FORMATS,
    LOG_LEVELS,
    MAX_GRACE,
    MAX_LANES,
    MAX_WORKERS,
    ON_STORE_FAILURE,
    Config,
)

if TYPE_CHECKING:
    from almoner_server.app import Authority
    from almoner_server.workers.supervise import Serving

COLLECT_AFTER = (100_000, 20, 100)
"""When the garbage collector runs: after so many new objects, and its later generations after so many of its runs."""


@click.command()
@file
@setting("--listen", callback=whole_address, help="host:port or unix:path; port 0 takes any that is free.")
@database_url
@data_dir
@setting("--auto-migrate/--no-auto-migrate", help="Bring the schema up to date first.")
@setting(
    "--on-store-failure",
    type=click.Choice(ON_STORE_FAILURE),
    help="What checks are answered while the database cannot be reached.",
)
@setting("--grace", type=click.FloatRange(0, MAX_GRACE), help="Seconds that calls get to finish at the end.")
@setting("--lanes", type=click.IntRange(1, MAX_LANES), help="Transactions under way at once.")
@setting("--workers", type=click.IntRange(1, MAX_WORKERS), help="Processes that share the port.")
@setting(
    "--max-memory",
    type=click.IntRange(0, 1 << 20),
    help="MiB that a process may have before it turns calls away; 0: whatever there is.",
)
@setting(
    "--statement-cache-size",
    type=click.IntRange(0, 10_000),
    help="Prepared statements of a connection; 0 behind pgbouncer in transaction mode.",
)
@setting(
    "--metrics-listen",
    callback=port_address,
    help="host:port where Prometheus finds metrics; without it there are none.",
)
@setting("--log-format", type=click.Choice(LOG_FORMATS), help="How to log to standard error.")
@setting("--log-level", type=click.Choice(LOG_LEVELS, case_sensitive=False), help="What to log from.")
@setting("--test-clock/--no-test-clock", help="Let callers set the clock. For tests only.")
def serve(**settings: Any) -> None:
    """Run the authority until SIGTERM or Ctrl-C."""
    config = Config(**settings)
    run(lambda: until_told(work(config, _announce) if config.workers == 1 else _supervise(config)))


async def until_told(serving: Coroutine[Any, Any, None]) -> None:
    """Serve until a signal comes. A second signal ends the process at once."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    authority = asyncio.create_task(serving)

    def end(number: signal.Signals) -> None:
        told.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({authority, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    authority.cancel()
    with suppress(asyncio.CancelledError):
        await authority


async def work(config: Config, started: "Callable[[Authority], None]", worker: int | None = None) -> None:
    """Run one process's worth of the authority: alone, or as the worker of that number on a shared port."""
    from almoner_server.app import Authority
    from almoner_server.observe.logs import configure_logs
    from almoner_server.observe.setup import Observation
    from almoner_server.rpc.address import split

    configure_logs(config.log_format, config.log_level, worker)
    observation = Observation()
    try:
        observation.trace(os.environ, version("almoner"))
        if config.metrics_listen is not None:
            observation.count(*split(config.metrics_listen))
        async with Authority(config, observation, shared_port=worker is not None) as authority:
            _spare_the_collector()
            started(authority)
            await authority.ended()
    finally:
        observation.close()


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what stays, and look at the rest less often.

    Calls make no cycles, and looking for them took a tenth of the time of a batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _supervise(config: Config) -> None:
    from almoner_server.observe.logs import configure_logs
    from almoner_server.workers import supervise

    configure_logs(config.log_format, config.log_level)
    await supervise(config, _announce_workers)


def _announce(authority: "Authority") -> None:
    click.echo(f"{_release()} is serving on {authority.address}, with {authority.database}")


def _announce_workers(serving: "Serving") -> None:
    pids = ", ".join(map(str, serving.pids))
    click.echo(
        f"{_release()} is serving on {serving.address}, with {serving.database}, "
        f"by {len(serving.pids)} workers (processes {pids})"
    )


def _release() -> str:
    return f"almoner {version('almoner')}"
