"""What a limit is set on, as options: exactly one for a limit, at most one for a filter."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from almoner.cli.values import choice
from almoner.types.enums import TargetKind
from almoner.types.parties import Target

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_WITHOUT_ID = {
    "--default": (TargetKind.NAMESPACE_DEFAULT, "Every user, each counted separately."),
    "--namespace-pool": (TargetKind.NAMESPACE_POOL, "Everybody together."),
}
_WITH_ID = {
    "--group-default": (TargetKind.GROUP_DEFAULT, "Every member of this group, each counted separately."),
    "--user": (TargetKind.USER, "This user; takes the place of every default."),
    "--chat": (TargetKind.CHAT, "This chat with all its descendants; lifetime only."),
    "--group-pool": (TargetKind.GROUP_POOL, "All members of this group together."),
}
OPTIONS = {kind: option for option, (kind, _) in (_WITHOUT_ID | _WITH_ID).items()}
"""The option that names each kind of target: also how it is called in tables."""
KINDS = choice(TargetKind)


def target_options(command: Decorated) -> Decorated:
    """Add the options that name a target; `chosen_target` reads them."""
    with_id = [
        click.option(option, metavar="ID", help=words, callback=_keep, expose_value=False)
        for option, (_, words) in _WITH_ID.items()
    ]
    without_id = [
        click.option(option, is_flag=True, default=None, help=words, callback=_keep, expose_value=False)
        for option, (_, words) in _WITHOUT_ID.items()
    ]
    options = (without_id[0], *with_id, without_id[1])
    return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)


def _keep(ctx: click.Context, parameter: click.Parameter, value: str | bool | None) -> None:
    if value:
        kind, _ = (_WITHOUT_ID | _WITH_ID)[parameter.opts[0]]
        _chosen(ctx).append(Target(kind, value if isinstance(value, str) else ""))


def _chosen(ctx: click.Context) -> list[Target]:
    chosen: list[Target] = ctx.meta.setdefault(__name__, [])
    return chosen


def chosen_target(ctx: click.Context) -> Target:
    """Give the one target that was named.

    Raises:
        click.UsageError: None or several.
    """
    if (target := filtering_target(ctx)) is None:
        raise click.UsageError(f"name what the limit is on: one of {', '.join(OPTIONS.values())}", ctx)
    return target


def filtering_target(ctx: click.Context) -> Target | None:
    """Give the target that was named, None if there is none.

    Raises:
        click.UsageError: Several.
    """
    chosen = _chosen(ctx)
    if len(chosen) > 1:
        named = " and ".join(OPTIONS[target.kind] for target in chosen)
        raise click.UsageError(f"give one target, not {named}", ctx)
    return chosen[0] if chosen else None
