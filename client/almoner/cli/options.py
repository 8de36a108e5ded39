"""Options that many commands share, and where their values go."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from almoner import blocking
from almoner.cli import values

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

DEFAULT_NAMESPACE = "default"
DEFAULT_TIMEOUT = 5.0
"""Seconds for one call with all its attempts."""


@dataclass(slots=True)
class Settings:
    """Says which server and namespace to talk to, and how to answer."""

    server: str | None = None
    namespace: str | None = None
    timeout: float | None = None
    json: bool = False

    def client(self, journal: Path | None = None) -> blocking.Client:
        """Make the client. It connects with its first call."""
        timeout = DEFAULT_TIMEOUT if self.timeout is None else self.timeout
        namespace = self.namespace or DEFAULT_NAMESPACE
        return blocking.Client(self.server, namespace=namespace, timeout=timeout, journal=journal)


pass_settings = click.make_pass_decorator(Settings, ensure=True)


def connection_options(
    command: Decorated, *, namespace: str = DEFAULT_NAMESPACE, timeout: str = f"{DEFAULT_TIMEOUT:g}s"
) -> Decorated:
    """Add the options that every command takes, before or after its name; the later one counts.

    Args:
        command: What takes them.
        namespace: What its help says of the default.
        timeout: What its help says of the default.
    """
    add = (
        _setting("--server", envvar="ALMONER_SERVER", help="Address, host:port.  [default: 127.0.0.1:50051]"),
        _setting("--namespace", envvar="ALMONER_NAMESPACE", help=f"Where ids live.  [default: {namespace}]"),
        _setting(
            "--timeout",
            type=values.seconds,
            metavar="DURATION",
            help=f"Time for one call, such as 5s.  [default: {timeout}]",
        ),
        _setting("--json", is_flag=True, default=None, help="Print one JSON document, for scripts."),
    )
    return functools.reduce(lambda decorated, option: option(decorated), reversed(add), command)


def _setting(name: str, **details: Any) -> Callable[[Decorated], Decorated]:
    details["show_envvar"] = "envvar" in details
    return click.option(name, expose_value=False, callback=_keep, **details)


def _keep(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep a setting. The environment was read already when the command's own options are."""
    settings = ctx.ensure_object(Settings)
    if value is None or parameter.name is None:
        return
    inherited = ctx.parent is not None and ctx.get_parameter_source(parameter.name) is _ENVIRONMENT
    if not inherited:
        setattr(settings, parameter.name, value)


_ENVIRONMENT = click.core.ParameterSource.ENVIRONMENT


def chat_options(command: Decorated) -> Decorated:
    """Add the options that name a chat."""
    command = click.option("--parent", metavar="ID", help="The chat that started this one.")(command)
    return click.option("--chat", metavar="ID", help="The conversation or agent run.")(command)


def subject_options(*, required: bool) -> Callable[[Decorated], Decorated]:
    """Add the options that name who spends, and in which chat."""

    def add(command: Decorated) -> Decorated:
        command = chat_options(command)
        group = "A group the user is in for this call, besides those stored. Repeatable."
        command = click.option("--group", "groups", metavar="ID", multiple=True, help=group)(command)
        return click.option("--user", metavar="ID", required=required, help="Who spends.")(command)

    return add


def attribute_option(command: Decorated) -> Decorated:
    """Add the option for free labels."""
    label = "A free label, kept with what is stored. Repeatable."
    return click.option(
        "--attribute", "attributes", type=values.attribute, multiple=True, metavar="KEY=VALUE", help=label
    )(command)


def examples(*lines: str) -> str:
    """Make the end of a help page."""
    head = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(("\b", head, *(f"  {line}" for line in lines)))
