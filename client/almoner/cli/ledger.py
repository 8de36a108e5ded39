"""`ledger` and `holds list`: what was booked and what is set aside."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import click

from almoner.cli import values
from almoner.cli.answers import print_json
from almoner.cli.options import Settings, connection_options, examples, pass_settings
from almoner.types.enums import HoldState, Settlement

Item = TypeVar("Item")

_user = click.option("--user", metavar="ID", default="", help="Only of this user.")
_chat = click.option("--chat", metavar="ID", default="", help="Only in this chat or a descendant of it.")
_count = click.option(
    "--limit", "count", type=click.IntRange(1), default=100, show_default=True, help="How many at most."
)


@click.command(
    epilog=examples(
        "almoner ledger --user u-17 --since -2h",
        "almoner ledger --open --json --limit 10000",
    )
)
@_user
@_chat
@click.option("--hold", "hold_id", metavar="UUID", default="", help="Only on this hold.")
@click.option("--open", "open_only", is_flag=True, help="Only those whose real cost is still to come.")
@click.option("--settlement", type=values.choice(Settlement), help="Only those known this well.")
@click.option(
    "--since", "start_time", type=values.time, metavar="TIME", help="Only those booked then or later."
)
@click.option("--until", "end_time", type=values.time, metavar="TIME", help="Only those booked before then.")
@_count
@connection_options
@pass_settings
def ledger(
    settings: Settings, /, count: int, start_time: datetime | None, end_time: datetime | None, **filters: Any
) -> None:
    """List charges with their adjustments, newest first.

    Times are ISO 8601, in UTC if they name no zone, or -2h and the like from now.
    """
    with settings.client() as quota:
        charges = quota.admin.list_charges(
            start_time=start_time, end_time=end_time, page_size=_page_size(count), **filters
        )
        found, more = _take(charges, count)
    if settings.json:
        print_json({"charges": found, "more": more})
        return
    from almoner.cli.draw.ledger import draw_charges

    draw_charges(found, more=more)


@click.group()
def holds() -> None:
    """Look at holds."""


@holds.command("list", epilog=examples("almoner holds list --state open", "almoner holds list --chat c1"))
@_user
@_chat
@click.option("--state", type=values.choice(HoldState), help="Only those in this state.")
@_count
@connection_options
@pass_settings
def list_holds(settings: Settings, /, count: int, **filters: Any) -> None:
    """List holds, newest first. Settled ones are kept for at least 7 days."""
    with settings.client() as quota:
        found, more = _take(quota.admin.list_holds(page_size=_page_size(count), **filters), count)
    if settings.json:
        print_json({"holds": found, "more": more})
        return
    from almoner.cli.draw.ledger import draw_holds

    draw_holds(found, more=more)


def _page_size(count: int) -> int:
    return min(count + 1, 1000)


def _take(items: Iterable[Item], count: int) -> tuple[list[Item], bool]:
    """Take so many, and tell whether there are more."""
    found = list(islice(items, count + 1))
    return found[:count], len(found) > count
