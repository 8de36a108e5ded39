"""`replay`: real traffic against a server."""

import asyncio
import secrets
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from almoner.cli import values
from almoner.cli.answers import print_json
from almoner.cli.exits import ExitCode
from almoner.cli.options import Settings, connection_options, examples, pass_settings
from almoner.cli.replay.assign import Assignment
from almoner.cli.replay.performance import Performance, Watch, perform
from almoner.cli.replay.play import Pace
from almoner.cli.replay.script import Script
from almoner.cli.replay.stage import StageError
from almoner.cli.replay.trace import TraceError

TIMEOUT = 30.0
"""Seconds for one request, unless --timeout says otherwise: a server under load may take its time."""


def speed(text: str) -> float | None:
    """Read `60` or `max`, which is None."""
    if text == "max":
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.1 <= factor <= 1e6:
        raise click.BadParameter(f"{text!r} is not a factor, 0.1 to 1000000, or max")
    return factor


@click.command(
    epilog=examples(
        "almoner replay trace.csv",
        "almoner replay trace.csv --speed max --concurrency 512",
        "almoner replay trace.csv --limit-rows 1000 --budgets 0.2 --json",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--speed",
    type=speed,
    default="60",
    show_default=True,
    metavar="FACTOR|max",
    help="How many times faster than real time.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 10_000),
    default=256,
    show_default=True,
    help="How many calls are under way at most.",
)
@click.option("--limit-rows", "rows", type=click.IntRange(1), help="Play only the first rows.")
@click.option(
    "--users", type=click.IntRange(1, 1_000_000), default=200, show_default=True, help="How many users."
)
@click.option(
    "--groups", type=click.IntRange(0, 100_000), default=8, show_default=True, help="How many groups."
)
@click.option(
    "--chats", type=click.IntRange(0, 1_000_000), default=600, show_default=True, help="How many chat trees."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other users and chats.")
@click.option(
    "--max-output",
    type=click.IntRange(1, 10_000_000),
    default=2048,
    show_default=True,
    help="The most tokens a call generates; estimates assume them all.",
)
@click.option(
    "--budgets",
    "scale",
    type=click.FloatRange(0.0001, 1_000_000),
    default=1.0,
    show_default=True,
    metavar="SCALE",
    help="How wide to set the limits: 1 refuses some calls, 0.1 most, 10 none.",
)
@click.option("--no-setup", is_flag=True, help="Set no limits: play against those that are there.")
@click.option(
    "--wait",
    type=values.seconds,
    default="0",
    metavar="DURATION",
    help="How long a BUSY call waits on the server for open holds to settle.",
)
@click.option("--database-url", help="The server's database, for `almoner verify` afterwards.")
@click.option("--data-dir", help="The server's data directory, for `almoner verify` afterwards.")
@partial(connection_options, namespace="a new one", timeout=f"{TIMEOUT:g}s")
@pass_settings
@click.pass_context
def replay(
    ctx: click.Context,
    settings: Settings,
    /,
    file: Path,
    users: int,
    groups: int,
    chats: int,
    seed: int,
    speed: float | None,
    concurrency: int,
    wait: float,
    max_output: int,
    rows: int | None,
    scale: float,
    no_setup: bool,
    database_url: str | None,
    data_dir: str | None,
) -> None:
    """Play a trace of real LLM calls, FILE, against a server and report what it made of them.

    FILE is CSV with the columns TIMESTAMP, ContextTokens and GeneratedTokens. It names no users, so they are
    made up, always the same for one --seed: users of whom few make most of the calls, groups, chats with
    children and grandchildren, and models of three prices. Every call holds an upper bound of its cost and
    commits its real cost after the time a model would have taken.

    Without --namespace it all happens in a new namespace, which disturbs nothing; there limits are set that
    refuse some of the calls. One request may take 30s unless --timeout says otherwise.

    Exits with 1 if anything is not as it should be: a cost beyond its hold, a crossed
    limit, sums that differ, a failed call, a server that does not tell what was spent, a
    difference found by `almoner verify`, or a database that was named and is not the server's.
    """
    performance = Performance(
        script=Script(file, Assignment(users=users, groups=groups, chats=chats, seed=seed), max_output, rows),
        pace=Pace(speed, concurrency, wait),
        scale=None if no_setup else scale,
        server=settings.server,
        namespace=settings.namespace or _new_namespace(),
        timeout=TIMEOUT if settings.timeout is None else settings.timeout,
        verify_options=_verify_options(database_url, data_dir),
    )
    try:
        report = asyncio.run(perform(performance, _watch(settings)))
    except (TraceError, StageError) as error:
        raise click.UsageError(str(error), ctx) from error
    if settings.json:
        print_json(report.document())
    else:
        from almoner.cli.draw.replay import draw_report

        draw_report(report)
    ctx.exit(ExitCode.FAILURE if report.problems else ExitCode.OK)


def _new_namespace() -> str:
    """Name a namespace that nobody else has, not even a replay that begins in the same second."""
    return f"replay-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def _verify_options(database_url: str | None, data_dir: str | None) -> tuple[str, ...]:
    given = {"--database-url": database_url, "--data-dir": data_dir}
    return tuple(part for name, value in given.items() if value is not None for part in (name, value))


def _watch(settings: Settings) -> Watch:
    """Choose what accompanies the play: a progress bar, where a person looks."""
    if settings.json:
        return lambda _tally, _whole: nullcontext()
    from almoner.cli.draw.progress import progress

    return progress
