"""`almoner migrate` and `almoner verify`: they work on the database itself, whether a server runs or not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from almoner_server.cli.running import run
from almoner_server.cli.settings import data_dir, database_url, file
from almoner_server.cli.witness import require_witness
from almoner_server.config import Config

if TYPE_CHECKING:
    from almoner_server.store import Finding, Report

DIFFERENCES_FOUND = 7
"""How `verify` exits when it has found any, a code that no other outcome of `almoner` has."""


@click.command()
@file
@database_url
@data_dir
def migrate(**settings: Any) -> None:
    """Bring the schema of the database up to date."""
    applied = run(lambda: _migrate(Config(**settings)))
    click.echo(f"Applied {', '.join(applied)}." if applied else "The schema is up to date.")


@click.command()
@file
@database_url
@data_dir
@click.option("--repair", "repairs", is_flag=True, help="Make wrong, missing and left-over rows anew.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
# How `almoner replay` knows the server's database.
@click.option("--witness", type=(str, str), hidden=True)
def verify(*, repairs: bool, as_json: bool, witness: tuple[str, str] | None, **settings: Any) -> None:
    """Recompute every counter from the ledger and the holds; name each difference.

    Exits with 0 if there is none, with 7 if there are some; with --repair, if some are left that only a
    person can put right. The authority may be running.
    """
    outcome = run(lambda: _verify(Config(**settings), repairs=repairs, witness=witness))
    if as_json:
        click.echo(json.dumps(_as_json(outcome)))
    else:
        _print(outcome)
    if outcome.left.findings:
        raise SystemExit(DIFFERENCES_FOUND)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Holds what was found, how many rows were made anew, and what is left. Without a repair, all is."""

    found: "Report"
    repaired: int
    left: "Report"


async def _migrate(config: Config) -> list[str]:
    from almoner_server.app import open_store

    async with _database(config) as dsn:
        store = await open_store(dsn)
        try:
            return await store.migrate()
        finally:
            await store.close()


async def _verify(config: Config, *, repairs: bool, witness: tuple[str, str] | None) -> _Outcome:
    from almoner_server.app import open_store
    from almoner_server.embedded.paths import Layout

    if config.embedded and not Layout.of(config.data_dir).cluster.exists():
        raise click.ClickException(f"there is nothing to verify in {config.data_dir}: it has no database")
    async with _database(config) as dsn:
        store = await open_store(dsn)
        try:
            await store.check_schema()
            if witness is not None:
                await require_witness(store, *witness)
            found = await store.upkeep.verify()
            if not repairs or not any(finding.repairable for finding in found.findings):
                return _Outcome(found, 0, found)
            repaired = await store.upkeep.repair(found)
            return _Outcome(found, repaired, await store.upkeep.verify())
        finally:
            await store.close()


def _print(outcome: _Outcome) -> None:
    for finding in outcome.found.findings:
        click.echo(finding.message)
    click.echo(_summary(outcome.found))
    if outcome.repaired:
        click.echo(f"Repaired {_counted(outcome.repaired, 'row')}. What is left:")
        for finding in outcome.left.findings:
            click.echo(finding.message)
        click.echo(_summary(outcome.left))
    elif mended := sum(finding.repairable for finding in outcome.found.findings):
        click.echo(f"{_counted(mended, 'difference')} can be mended by --repair.")


def _as_json(outcome: _Outcome) -> dict[str, Any]:
    report = outcome.left
    return {
        "accounts": report.accounts,
        "charges": report.charges,
        "holds": report.holds,
        "as_of": report.as_of.isoformat(),
        "findings": [_finding(finding) for finding in outcome.found.findings],
        "repaired_rows": outcome.repaired,
        "left": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: "Finding") -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "namespace": finding.namespace,
        "subject": finding.subject,
        "unit": finding.unit,
        "period": finding.period.name if finding.period else "",
        "counter": finding.counter,
        "expected": finding.expected,
        "actual": finding.actual,
        "repairable": finding.repairable,
        "message": finding.message,
    }


def _summary(report: "Report") -> str:
    count = len(report.findings)
    accounts, charges = _counted(report.accounts, "account"), _counted(report.charges, "charge")
    found = _counted(count, "difference") if count else "No difference"
    return f"{found} in {accounts}, {charges} and {_counted(report.holds, 'hold')}."


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


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
