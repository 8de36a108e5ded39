"""`groups`: which groups a user is in, whatever a call names."""

import click

from almoner.cli.answers import print_json
from almoner.cli.options import Settings, connection_options, examples, pass_settings
from almoner.cli.words import listed


@click.group()
def groups() -> None:
    """Set and show the stored groups of users.

    They count together with the groups that a call names.
    """


@groups.command(
    "set", epilog=examples("almoner groups set u-17 research staff", "almoner groups set u-17 --none")
)
@click.argument("user")
@click.argument("names", nargs=-1, metavar="[GROUP]...")
@click.option("--none", is_flag=True, help="Store no group at all.")
@connection_options
@pass_settings
def set_groups(settings: Settings, /, user: str, names: tuple[str, ...], none: bool) -> None:
    """Store the groups of USER, in the place of those stored before."""
    if none == bool(names):
        raise click.UsageError("name at least one GROUP, or give --none")
    with settings.client() as quota:
        _show(settings, user, quota.admin.set_user_groups(user, names))


@groups.command("get", epilog=examples("almoner groups get u-17"))
@click.argument("user")
@connection_options
@pass_settings
def get_groups(settings: Settings, /, user: str) -> None:
    """Show the stored groups of USER."""
    with settings.client() as quota:
        _show(settings, user, quota.admin.get_user_groups(user))


def _show(settings: Settings, user: str, stored: tuple[str, ...]) -> None:
    if settings.json:
        print_json({"groups": stored})
    else:
        click.echo(f"groups of {user}: {listed(stored)}")
