"""`status`: what is left, of which limit."""

from typing import Any

import click

from almoner.cli.answers import print_json
from almoner.cli.options import Settings, connection_options, examples, pass_settings, subject_options


@click.command(
    epilog=examples("almoner status --user u-17", "almoner status --user u-17 --group research --chat c1")
)
@subject_options(required=False)
@connection_options
@pass_settings
def status(settings: Settings, /, user: str | None, chat: str | None, **names: Any) -> None:
    """Show what is left for a user, a chat, or both.

    Every limit in force with what is spent, held and remaining and when its window ends; then what was spent,
    limited or not, and for a chat the chain up to its root.
    """
    if user is None and chat is None:
        raise click.UsageError("name a --user, a --chat, or both")
    with settings.client() as quota:
        found = quota.status(user=user, chat=chat, **names)
    if settings.json:
        print_json(found)
        return
    from almoner.cli.draw.status import draw_status

    draw_status(found)
