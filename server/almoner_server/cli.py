"""The commands that come with the server: serve, migrate, verify. `almoner` finds them as entry points."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import click

from almoner_server.config import (
    LOG_LEVELS,
    MAX_GRACE,
    MAX_LANES,
    ON_STORE_FAILURE,
    Config,
    ConfigError,
    read_file,
)

DIFFERENCES_FOUND = 3
"""How `verify` exits when it has found any; 1 stands for a failure, 2 for a wrong option."""
DEFAULTS = Config()
_Answer = TypeVar("_Answer")


def _setting(option: str, **details: Any) -> Callable[[Any], Any]:
    """Make an option that may also come from the environment: --data-dir from ALMONER_DATA_DIR."""
    name = option.partition("/")[0].removeprefix("--").replace("-", "_")
    default = getattr(DEFAULTS, name)
    shown = default is not None and not isinstance(default, bool)
    variable = f"ALMONER_{name.upper()}"
    return click.option(
        option, default=default, envvar=variable, show_envvar=True, show_default=shown, **details
    )


def _use_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Take what neither an option nor the environment says from a file."""
    if path is not None:
        try:
            context.default_map = read_file(path)
        except ConfigError as error:
            raise click.BadParameter(str(error), context, parameter) from error


_file = click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="ALMONER_CONFIG",
    show_envvar=True,
    is_eager=True,
    expose_value=False,
    callback=_use_file,
    help="TOML file with settings, named as the options with _ for -.",
)
_database_url = _setting("--database-url", help="PostgreSQL 15 or later; without it an embedded one is run.")
_data_dir = _setting(
    "--data-dir", type=click.Path(path_type=Path), help="Where the embedded PostgreSQL lives."
)


@click.command()
@_file
@_setting("--listen", help="host:port or unix:path; port 0 takes any that is free.")
@_database_url
@_data_dir
@_setting("--auto-migrate/--no-auto-migrate", help="Bring the schema up to date first.")
@_setting(
    "--on-store-failure",
    type=click.Choice(ON_STORE_FAILURE),
    help="What checks are answered while the database cannot be reached.",
)
@_setting("--grace", type=click.FloatRange(0, MAX_GRACE), help="Seconds that calls get to finish at the end.")
@_setting("--lanes", type=click.IntRange(1, MAX_LANES), help="Transactions under way at once.")
@_setting(
    "--statement-cache-size",
    type=click.IntRange(0, 10_000),
    help="Prepared statements of a connection; 0 behind pgbouncer in transaction mode.",
)
@_setting("--metrics-listen", help="host:port where Prometheus finds metrics; without it there are none.")
@_setting("--log-format", type=click.Choice(("plain", "json")), help="How to log to standard error.")
@_setting("--log-level", type=click.Choice(LOG_LEVELS, case_sensitive=False), help="What to log from.")
@_setting("--test-clock/--no-test-clock", help="Let callers set the clock. For tests only.")
def serve(**settings: Any) -> None:
    """Run the authority until SIGTERM or Ctrl-C."""
    from almoner_server.observe.logs import configure_logs

    config = Config(**settings)
    configure_logs(config.log_format, config.log_level)
    with _errors_in_words():
        _run(_serve(config))


@click.command()
@_file
@_database_url
@_data_dir
def migrate(**settings: Any) -> None:
    """Bring the schema of the database up to date."""
    with _errors_in_words():
        applied = _run(_migrate(Config(**settings)))
    click.echo(f"Applied {', '.join(applied)}." if applied else "The schema is up to date.")


@click.command()
@_file
@_database_url
@_data_dir
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(*, as_json: bool, **settings: Any) -> None:
    """Recompute every counter from the ledger and the holds; name each difference.

    Exits with 0 if there is none, with 3 if there are some. The authority may be running.
    """
    with _errors_in_words():
        found, summary = _run(_verify(Config(**settings)))
    if as_json:
        click.echo(json.dumps({**summary, "findings": found}))
    else:
        for finding in found:
            click.echo(finding["message"])
        rows = f"{summary['accounts']} accounts, {summary['charges']} charges, {summary['holds']} holds"
        click.echo(f"{len(found) or 'No'} difference{'' if len(found) == 1 else 's'} found in {rows}.")
    if found:
        raise SystemExit(DIFFERENCES_FOUND)


async def _serve(config: Config) -> None:
    """Run an authority until a signal comes. A second signal ends the process at once."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    authority = asyncio.create_task(_authority(config))

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


async def _authority(config: Config) -> None:
    from almoner_server.app import Authority
    from almoner_server.observe.setup import Observation
    from almoner_server.rpc.address import split

    release = version("almoner")
    observation = Observation()
    try:
        observation.trace(os.environ, release)
        if config.metrics_listen is not None:
            observation.count(*split(config.metrics_listen))
        async with Authority(config, observation) as authority:
            click.echo(f"almoner {release} is serving on {authority.address}, with {authority.database}")
            await authority.ended()
    finally:
        observation.close()


async def _migrate(config: Config) -> list[str]:
    from almoner_server.app import open_store

    async with _database(config) as dsn:
        store = await open_store(dsn)
        try:
            return await store.migrate()
        finally:
            await store.close()


async def _verify(config: Config) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from almoner_server.app import open_store
    from almoner_server.embedded.paths import Layout

    if config.embedded and not Layout.of(config.data_dir).cluster.exists():
        raise ConfigError(f"there is nothing to verify in {config.data_dir}: it has no database")
    async with _database(config) as dsn:
        store = await open_store(dsn)
        try:
            await store.check_schema()
            report = await store.upkeep.verify()
        finally:
            await store.close()
    found = [
        {
            "kind": finding.kind,
            "namespace": finding.namespace,
            "subject": finding.subject,
            "unit": finding.unit,
            "period": finding.period.name if finding.period else "",
            "counter": finding.counter,
            "expected": finding.expected,
            "actual": finding.actual,
            "message": finding.message,
        }
        for finding in report.findings
    ]
    summary = {
        "accounts": report.accounts,
        "charges": report.charges,
        "holds": report.holds,
        "as_of": report.as_of.isoformat(),
    }
    return found, summary


@asynccontextmanager
async def _database(config: Config) -> AsyncIterator[str]:
    """Give the DSN of the database: the one given, or the embedded one, run for this if it does not yet."""
    from almoner_server.embedded import EmbeddedPostgres, NotRunningError, embedded_dsn

    if config.database_url is not None:
        yield config.database_url
        return
    try:
        dsn = embedded_dsn(config.data_dir)
    except NotRunningError:
        async with EmbeddedPostgres(config.data_dir) as postgres:
            yield postgres.dsn
    else:
        yield dsn


@contextmanager
def _errors_in_words() -> Iterator[None]:
    """Turn what an operator can put right into a line without a stack trace."""
    from almoner_server.embedded import EmbeddedError
    from almoner_server.observe.setup import ObserveError
    from almoner_server.rpc.address import ListenError
    from almoner_server.store import SchemaMismatch, StoreUnavailable

    try:
        yield
    except (
        ConfigError,
        EmbeddedError,
        ListenError,
        ObserveError,
        SchemaMismatch,
        StoreUnavailable,
    ) as error:
        raise click.ClickException(str(error)) from error


def _run(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Run on uvloop where there is one: it spares 13 to 40 % of the CPU of a call."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)
