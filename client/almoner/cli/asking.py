"""`check` and `hold`: ask before a call."""

from typing import Any

import click

from almoner.amounts import Amount
from almoner.cli import values
from almoner.cli.answers import print_json
from almoner.cli.exits import code_of_decision
from almoner.cli.options import (
    Settings,
    attribute_option,
    connection_options,
    examples,
    pass_settings,
    subject_options,
)
from almoner.errors import Refused
from almoner.types.decision import Decision
from almoner.types.enums import ExpiryAction

_WAIT = "If BUSY, wait on the server up to this long for open holds to settle, at most 5m."


@click.command(
    epilog=examples(
        "almoner check --user u-17 --chat c1 usd=0.25 messages=1",
        "almoner check --user u-17 --json usd=0.25 && call-the-model",
    )
)
@click.argument("amounts", nargs=-1, type=values.amount, metavar="[UNIT=AMOUNT]...")
@subject_options(required=True)
@click.option("--wait", type=values.seconds, default="0", metavar="DURATION", help=_WAIT)
@connection_options
@pass_settings
@click.pass_context
def check(
    ctx: click.Context,
    settings: Settings,
    /,
    amounts: tuple[tuple[str, Amount], ...],
    user: str,
    wait: float,
    **subject: Any,
) -> None:
    """Ask whether amounts may be spent, and store nothing.

    A unit that is not named counts 0, and its limits must still have room. Exits with 0 if allowed, 3 if
    EXHAUSTED, 4 if BUSY.
    """
    with settings.client() as quota:
        decision = quota.check(user=user, amounts=values.by_unit(amounts), wait=wait, **subject)
    _show(settings, decision)
    ctx.exit(code_of_decision(decision))


@click.command(
    epilog=examples(
        "almoner hold --user u-17 --chat c1 --ttl 5m usd=0.25 messages=1",
        "id=$(almoner hold --quiet --user u-17 usd=0.25) && almoner commit $id usd=0.19",
    )
)
@click.argument("amounts", nargs=-1, type=values.amount, metavar="[UNIT=AMOUNT]...")
@subject_options(required=True)
@click.option("--wait", type=values.seconds, default="0", metavar="DURATION", help=_WAIT)
@click.option(
    "--ttl",
    type=values.seconds,
    default="10m",
    show_default=True,
    metavar="DURATION",
    help="Time to live, 1s to 24h.",
)
@click.option(
    "--on-expiry",
    type=values.choice(ExpiryAction),
    default=ExpiryAction.RELEASE,
    show_default="release",
    help="What becomes of it at the end of that time: given back, or booked as an estimate.",
)
@click.option("--hold-id", metavar="UUID", help="The id to give it, to be able to repeat this command.")
@click.option("-q", "--quiet", is_flag=True, help="Print the hold's id only.")
@attribute_option
@connection_options
@pass_settings
@click.pass_context
def hold(
    ctx: click.Context,
    settings: Settings,
    /,
    amounts: tuple[tuple[str, Amount], ...],
    attributes: tuple[tuple[str, str], ...],
    quiet: bool,
    **options: Any,
) -> None:
    """Set amounts aside, as an upper bound of what a call will cost.

    Prints the hold's id, to be committed or released. Exits as `check` does; with --quiet a refusal is one
    line on standard error.
    """
    try:
        options |= {"amounts": values.by_unit(amounts), "attributes": values.labels(attributes)}
        with settings.client() as quota:
            held = quota.open_hold(**options)
    except Refused as refused:
        if quiet:
            raise
        _show(settings, refused.decision)
        ctx.exit(code_of_decision(refused.decision))
    if quiet:
        click.echo(held.id)
        return
    _show(settings, held.decision, None if held.degraded else held.id, held.expire_time)


def _show(settings: Settings, decision: Decision, hold_id: str | None = None, expires: Any = None) -> None:
    if settings.json:
        print_json(
            {
                "decision": decision,
                "hold_id": hold_id,
                "hold_expire_time": expires,
                "degraded": decision.degraded,
            }
        )
        return
    from almoner.cli.draw.decision import draw_decision

    draw_decision(decision, hold_id, expires)
