"""`commit`, `release`, `extend` and `adjust`: tell after a call."""

from datetime import datetime
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
from almoner.types.enums import AdjustmentKind, Settlement
from almoner.types.ledger import Adjusted, Committed


@click.command(
    epilog=examples(
        "almoner commit 0193... usd=0.19 messages=1",
        "almoner commit 0193... --settlement estimate",
        "almoner commit --user u-17 --chat c1 usd=0.19",
    )
)
@click.argument("hold", metavar="[HOLD]", required=False)
@click.argument("amounts", nargs=-1, metavar="[UNIT=AMOUNT]...")
@subject_options(required=False)
@click.option("--charge-id", metavar="UUID", help="The charge's id, to be able to repeat this command.")
@click.option("--partial", is_flag=True, help="Keep the hold open with the rest.")
@click.option(
    "--settlement",
    type=values.choice(Settlement),
    default=Settlement.ACTUAL,
    show_default="actual",
    help="How well the cost is known; estimate without amounts books what is held.",
)
@click.option(
    "--occurred-at",
    type=values.time,
    metavar="TIME",
    help="When a direct charge occurred: it counts in the windows of then.",
)
@attribute_option
@connection_options
@pass_settings
def commit(
    settings: Settings,
    /,
    hold: str | None,
    amounts: tuple[str, ...],
    attributes: tuple[tuple[str, str], ...],
    partial: bool,
    occurred_at: datetime | None,
    **options: Any,
) -> None:
    """Book what a call really cost, on a HOLD or, with --user and no HOLD, directly.

    Never refused because of a limit. With both a HOLD and --user it is booked even if the server no longer
    knows the hold.
    """
    hold, texts = _hold_and_amounts(hold, amounts)
    cost = values.by_unit(values.amount(text) for text in texts)
    options |= {"amounts": cost, "attributes": values.labels(attributes)}
    if hold is None:
        _check_direct(partial=partial, **options)
    elif occurred_at:
        raise click.UsageError("--occurred-at is for a direct charge: a hold has its own time")
    with settings.client() as quota:
        if hold is None:
            _show_charge(settings, quota.charge(occurred_at=occurred_at, **options))
        else:
            _show_charge(settings, quota.commit(hold, partial=partial, **options))


def _hold_and_amounts(first: str | None, others: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Tell a HOLD from an amount, which has a "=", where the first argument may be either."""
    if first is None or "=" not in first:
        return first, others
    return None, (first, *others)


def _check_direct(*, user: str | None, partial: bool, **_: object) -> None:
    if user is None:
        raise click.UsageError("name the HOLD to commit, or for a direct charge the --user who spent")
    if partial:
        raise click.UsageError("--partial needs the HOLD that stays open")


@click.command(epilog=examples("almoner release 0193..."))
@click.argument("hold")
@connection_options
@pass_settings
def release(settings: Settings, /, hold: str) -> None:
    """Give a HOLD back. Safe to repeat."""
    with settings.client() as quota:
        info = quota.release(hold)
    if settings.json:
        print_json({"hold": info})
        return
    from almoner.cli.draw.ledger import draw_hold

    draw_hold(info)


@click.command(epilog=examples("almoner extend 0193... usd=0.50", "almoner extend 0193... --ttl 10m"))
@click.argument("hold")
@click.argument("amounts", nargs=-1, type=values.amount, metavar="[UNIT=AMOUNT]...")
@click.option("--ttl", type=values.seconds, metavar="DURATION", help="New time to live from now, 1s to 24h.")
@connection_options
@pass_settings
@click.pass_context
def extend(
    ctx: click.Context,
    settings: Settings,
    /,
    hold: str,
    amounts: tuple[tuple[str, Amount], ...],
    ttl: float | None,
) -> None:
    """Give a HOLD new total amounts, a new time to live, or both.

    Totals count what was committed on it already; units not named stay. More may be refused: the hold is then
    as before, and the exit code that of `check`.
    """
    from almoner.cli.draw.decision import draw_decision
    from almoner.cli.draw.ledger import draw_hold

    try:
        with settings.client() as quota:
            info = quota.extend(hold, amounts=values.by_unit(amounts), ttl=ttl)
    except Refused as refused:
        if settings.json:
            print_json({"decision": refused.decision})
        else:
            draw_decision(refused.decision)
        ctx.exit(code_of_decision(refused.decision))
    if settings.json:
        print_json({"hold": info})
    else:
        draw_hold(info)


@click.command(
    epilog=examples(
        "almoner adjust 0193... --refund usd=0.10 --reason 'empty reply'",
        "almoner adjust 0193... --actual usd=0.17",
    )
)
@click.argument("charge")
@click.argument("amounts", nargs=-1, type=values.amount, required=True, metavar="UNIT=AMOUNT...")
@click.option("--refund", is_flag=True, help="Take the amounts off the charge.")
@click.option(
    "--actual", is_flag=True, help="Put the real cost in the place of an estimate; units not named stay."
)
@click.option("--reason", default="", help="Why. Kept.")
@click.option(
    "--adjustment-id", metavar="UUID", help="The adjustment's id, to be able to repeat this command."
)
@connection_options
@pass_settings
def adjust(
    settings: Settings,
    /,
    charge: str,
    amounts: tuple[tuple[str, Amount], ...],
    refund: bool,
    actual: bool,
    **options: Any,
) -> None:
    """Correct a CHARGE: a refund, or the real cost of an estimate.

    The charge of a hold's final commit has the id of the hold.
    """
    if refund == actual:
        problem = "give one, not both" if refund else "say what the amounts are"
        raise click.UsageError(f"{problem}: --refund or --actual")
    kind = AdjustmentKind.REFUND if refund else AdjustmentKind.ACTUAL
    with settings.client() as quota:
        answer = quota.adjust(charge, kind=kind, amounts=values.by_unit(amounts), **options)
    _show_charge(settings, answer)


def _show_charge(settings: Settings, answer: Committed | Adjusted) -> None:
    if settings.json:
        print_json(answer)
        return
    from almoner.cli.draw.ledger import draw_adjusted, draw_committed

    if isinstance(answer, Committed):
        draw_committed(answer)
    else:
        draw_adjusted(answer)
