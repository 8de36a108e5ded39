"""`limit`: who may spend how much."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from almoner.amounts import Amount, limit_amount
from almoner.cli import values
from almoner.cli.answers import print_json
from almoner.cli.limit_lists import history, list_limits
from almoner.cli.options import Settings, connection_options, examples, pass_settings
from almoner.cli.targets import chosen_target, target_options
from almoner.cli.words import IN_FLIGHT, iso, number, unit_name
from almoner.types.enums import Period, TargetKind
from almoner.types.limits import Limit, Raised
from almoner.types.parties import Target

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@click.group()
def limit() -> None:
    """Set, list and delete limits, and see who changed them.

    A limit is on one target: --default, --group-default, --user, --chat, --group-pool or --namespace-pool.
    """


limit.add_command(list_limits)
limit.add_command(history)


def _change_options(command: Decorated) -> Decorated:
    """Add what every change takes."""
    for option in (
        click.option("--reason", default="", help="Why. Kept with the change."),
        click.option("--actor", default="", help="Who asks for this. Kept with the change."),
        click.option("--etag", default="", help="Only if the limit in force still has this etag."),
        click.option(
            "--per",
            "period",
            type=values.PERIOD,
            help="How long a window is. Not needed for a chat and for in_flight: lifetime.",
        ),
    ):
        command = option(command)
    return command


def _period(period: Period | None, target: Target, unit: str) -> Period:
    if period is None and (target.kind is TargetKind.CHAT or unit == IN_FLIGHT):
        return Period.LIFETIME
    if period is None:
        raise click.UsageError("Missing option '--per': day, week, month or lifetime")
    return period


@limit.command(
    "set",
    epilog=examples(
        "almoner limit set --default usd=25 --per month",
        "almoner limit set --user u-17 usd=unlimited --per month --until 2026-12-01",
        "almoner limit set --user u-17 usd=5 --per month --add --reason top-up",
        "almoner limit set --chat c1 usd=2.50",
        "almoner limit set --default in_flight=4",
    ),
)
@click.argument("value", type=values.limit_value, metavar="UNIT=AMOUNT|UNIT=unlimited")
@target_options
@click.option("--add", is_flag=True, help="Raise the limit in force by the amount.")
@click.option("--request-id", metavar="UUID", help="With --add: an id, to be able to repeat this command.")
@click.option(
    "--until",
    "expire_time",
    type=values.time,
    metavar="TIME",
    help="For a user: in force strictly before this time, as 2026-12-01, 2026-12-01T08:00Z or +36h.",
)
@_change_options
@connection_options
@pass_settings
@click.pass_context
def set_limit(
    ctx: click.Context,
    settings: Settings,
    /,
    value: tuple[str, Amount | None],
    add: bool,
    request_id: str | None,
    period: Period | None,
    expire_time: datetime | None,
    **change: Any,
) -> None:
    """Set a limit, or with --add raise it. In force for the next check.

    0 blocks everything. It applies to the running window: what was spent before counts.
    """
    target, (unit, amount) = chosen_target(ctx), value
    details: dict[str, Any] = {
        "unit": unit,
        "period": _period(period, target, unit),
        "expire_time": expire_time,
        **change,
    }
    if amount is None and add:
        raise click.UsageError("--add needs an amount, not unlimited")
    if request_id is not None and not add:
        raise click.UsageError("--request-id is for --add: setting a value may be repeated as it is")
    if amount is not None and (add or target.kind is TargetKind.CHAT):
        _require_some(unit, amount, "--add" if add else "a limit on a chat")
    with settings.client() as quota:
        if add and amount is not None:
            answer = quota.admin.raise_limit(target, delta=amount, request_id=request_id, **details)
        elif amount is None:
            answer = Raised(limit=quota.admin.set_unlimited(target, **details), replayed=False)
        else:
            answer = Raised(limit=quota.admin.set_limit(target, amount=amount, **details), replayed=False)
    _warn_if_over(answer.limit)
    if settings.json:
        print_json(answer)
        return
    from almoner.cli.draw.limits import draw_limits

    draw_limits([answer.limit])


def _require_some(unit: str, amount: Amount, what: str) -> None:
    """Refuse 0 in the words of the command line: the server would speak of micro-dollars."""
    counted, whole = limit_amount(unit, amount, field=unit)
    if whole == 0:
        raise click.UsageError(f"{unit_name(unit)}={amount}: {what} is at least {number(counted, 1)}")


def _warn_if_over(changed: Limit) -> None:
    """Say that a limit was over, by the clock of the server, when it was set."""
    until, now = changed.expire_time, changed.update_time
    if until is not None and now is not None and until <= now:
        click.echo(f"almoner: the limit has no effect: {iso(until)} is over", err=True)


@limit.command("delete", epilog=examples("almoner limit delete --user u-17 usd --per month"))
@click.argument("unit")
@target_options
@_change_options
@connection_options
@pass_settings
@click.pass_context
def delete_limit(
    ctx: click.Context, settings: Settings, /, unit: str, period: Period | None, **change: Any
) -> None:
    """Delete the limit on UNIT. In force for the next check."""
    target = chosen_target(ctx)
    with settings.client() as quota:
        quota.admin.delete_limit(target, unit=unit, period=_period(period, target, unit), **change)
    if settings.json:
        print_json({})
    else:
        click.echo("deleted")
