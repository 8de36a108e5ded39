"""`namespace`: isolation boundaries and their settings."""

import click

from almoner.cli import values
from almoner.cli.answers import print_json
from almoner.cli.options import Settings, connection_options, examples, pass_settings
from almoner.types.enums import GroupRule
from almoner.types.namespace import Namespace

GROUP_RULE = values.choice(GroupRule)
_RULE_HELP = "Which default wins when several groups of a user have one."


@click.group()
def namespace() -> None:
    """Create, change and list namespaces."""


@namespace.command("create", epilog=examples("almoner namespace create acme --unit usd --unit messages"))
@click.argument("name")
@click.option("--unit", "units", multiple=True, required=True, help="What it counts. Repeatable.")
@click.option("--group-rule", type=GROUP_RULE, default=GroupRule.MIN, show_default="min", help=_RULE_HELP)
@click.option("--disabled", is_flag=True, help="Do not enforce limits: everything passes and is booked.")
@connection_options
@pass_settings
def create(
    settings: Settings, /, name: str, units: tuple[str, ...], group_rule: GroupRule, disabled: bool
) -> None:
    """Create the namespace NAME. Repeating it with the same settings changes nothing."""
    with settings.client() as quota:
        made = quota.admin.create_namespace(name, units=units, group_rule=group_rule, enabled=not disabled)
    _show(settings, made)


@namespace.command(
    "update",
    epilog=examples(
        "almoner namespace update acme --disable",
        "almoner namespace update acme --unit usd --unit messages --unit tokens",
    ),
)
@click.argument("name")
@click.option(
    "--unit", "units", multiple=True, help="All units it shall count; those it counts must be among them."
)
@click.option("--group-rule", type=GROUP_RULE, help=_RULE_HELP)
@click.option("--enable/--disable", "enabled", default=None, help="Whether limits are enforced.")
@click.option("--etag", default="", help="Only if the namespace still has this etag.")
@connection_options
@pass_settings
def update(
    settings: Settings,
    /,
    name: str,
    units: tuple[str, ...],
    group_rule: GroupRule | None,
    enabled: bool | None,
    etag: str,
) -> None:
    """Change settings of the namespace NAME; those not named stay."""
    if not units and group_rule is None and enabled is None:
        raise click.UsageError("say what to change: --unit, --group-rule, --enable or --disable")
    with settings.client() as quota:
        changed = quota.admin.update_namespace(
            name, units=units or None, group_rule=group_rule, enabled=enabled, etag=etag
        )
    _show(settings, changed)


@namespace.command("list", epilog=examples("almoner namespace list"))
@connection_options
@pass_settings
def list_namespaces(settings: Settings, /) -> None:
    """List namespaces by name."""
    with settings.client() as quota:
        found = list(quota.admin.list_namespaces(page_size=1000))
    if settings.json:
        print_json({"namespaces": found})
        return
    from almoner.cli.draw.namespaces import draw_namespaces

    draw_namespaces(found)


def _show(settings: Settings, found: Namespace) -> None:
    if settings.json:
        print_json({"namespace": found})
        return
    from almoner.cli.draw.namespaces import draw_namespaces

    draw_namespaces([found])
