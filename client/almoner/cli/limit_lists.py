"""`limit list` and `limit history`: which limits there are, and how they came about."""

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click

from almoner import blocking
from almoner.amounts import USD, USD_MICROS
from almoner.cli import values
from almoner.cli.answers import print_json
from almoner.cli.options import Settings, connection_options, examples, pass_settings
from almoner.cli.targets import KINDS, OPTIONS, filtering_target, target_options
from almoner.cli.words import IN_FLIGHT, listed, money_first, unit_name
from almoner.types.enums import Period, TargetKind
from almoner.types.parties import Target

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _filter_options(command: Decorated) -> Decorated:
    """Add what every list of limits takes."""
    kind = click.option("--kind", type=KINDS, help="Only targets of this kind.")
    return target_options(kind(click.option("--unit", default="", help="Only this unit.")(command)))


def _filter(ctx: click.Context, kind: TargetKind | None) -> Target | None:
    target = filtering_target(ctx)
    if target is not None and kind is not None:
        raise click.UsageError(f"give --kind or {OPTIONS[target.kind]}, not both")
    return target if kind is None else Target(kind)


def _require_counted(quota: blocking.Client, unit: str) -> None:
    """Tell a unit without limits from a misspelt one.

    Raises:
        click.UsageError: The namespace does not count it.
    """
    every = quota.admin.list_namespaces(page_size=1000)
    units = next((found.units for found in every if found.name == quota.namespace), ())
    if units and (USD_MICROS if unit == USD else unit) not in {*units, IN_FLIGHT}:
        counted = listed(map(unit_name, money_first(units)))
        raise click.UsageError(f"--unit {unit}: the namespace {quota.namespace} counts only {counted}")


@click.command("list", epilog=examples("almoner limit list", "almoner limit list --kind user --unit usd"))
@_filter_options
@connection_options
@pass_settings
@click.pass_context
def list_limits(ctx: click.Context, settings: Settings, /, unit: str, kind: TargetKind | None) -> None:
    """List limits by target, unit and period."""
    with settings.client() as quota:
        found = list(quota.admin.list_limits(target=_filter(ctx, kind), unit=unit, page_size=1000))
        if unit and not found:
            _require_counted(quota, unit)
    if settings.json:
        print_json({"limits": found})
        return
    from almoner.cli.draw.limits import draw_limits

    draw_limits(found)


@click.command("history", epilog=examples("almoner limit history --user u-17 --unit usd"))
@_filter_options
@click.option("--per", "period", type=values.PERIOD, help="Only this period.")
@click.option(
    "--limit", "count", type=click.IntRange(1), default=100, show_default=True, help="How many at most."
)
@connection_options
@pass_settings
@click.pass_context
def history(
    ctx: click.Context,
    settings: Settings,
    /,
    unit: str,
    kind: TargetKind | None,
    period: Period | None,
    count: int,
) -> None:
    """Show who changed which limit, when, from what to what and why, newest first."""
    with settings.client() as quota:
        target, size = _filter(ctx, kind), min(count, 1000)
        changes = quota.admin.list_limit_changes(target=target, unit=unit, period=period, page_size=size)
        found = list(islice(changes, count))
        if unit and not found:
            _require_counted(quota, unit)
    if settings.json:
        print_json({"limit_changes": found})
        return
    from almoner.cli.draw.limits import draw_changes

    draw_changes(found)
