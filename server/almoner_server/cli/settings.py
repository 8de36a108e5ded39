"""Settings as options. An option wins over its ALMONER_ variable, this over the file, this over the default."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from almoner_server.config import Config, ConfigError, read_file

DEFAULTS = Config()


def setting(option: str, **details: Any) -> Callable[[Any], Any]:
    """Make an option of a field of Config: --data-dir, from ALMONER_DATA_DIR or `data_dir` in the file."""
    name = option.partition("/")[0].removeprefix("--").replace("-", "_")
    default = getattr(DEFAULTS, name)
    shown = default is not None and not isinstance(default, bool)
    variable = f"ALMONER_{name.upper()}"
    return click.option(
        option, default=default, envvar=variable, show_envvar=True, show_default=shown, **details
    )


def _use_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Take what neither an option nor the environment says from a file."""
    if path is not None:
        try:
            context.default_map = read_file(path)
        except ConfigError as error:
            raise click.BadParameter(str(error), context, parameter) from error


def whole_address(context: click.Context, parameter: click.Parameter, address: str) -> str:
    """Refuse what nobody can listen on anywhere."""
    from almoner_server.rpc.address import ListenError, require_form

    try:
        require_form(address)
    except ListenError as error:
        raise click.BadParameter(str(error), context, parameter) from error
    return address


def port_address(context: click.Context, parameter: click.Parameter, address: str | None) -> str | None:
    """Refuse what is not host:port."""
    from almoner_server.rpc.address import ListenError, split

    try:
        if address is not None:
            split(address)
    except ListenError as error:
        raise click.BadParameter(str(error), context, parameter) from error
    return address


def _postgres_url(context: click.Context, parameter: click.Parameter, url: str | None) -> str | None:
    """Refuse what cannot lead to a PostgreSQL, without telling its password."""
    if url is None or url.startswith(("postgresql://", "postgres://")):
        return url
    scheme, separator, _ = url.partition("://")
    found = f"{scheme}{separator}..." if separator else "what is given" if url else "nothing"
    raise click.BadParameter(
        f"{found} is no DSN of a PostgreSQL: give postgresql://..., or leave it out for an embedded one",
        context,
        parameter,
    )


file = click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="ALMONER_CONFIG",
    show_envvar=True,
    is_eager=True,
    expose_value=False,
    callback=_use_file,
    help="TOML file with settings, named as the options with _ for -.",
)
database_url = setting(
    "--database-url",
    callback=_postgres_url,
    help="PostgreSQL 15 or later; without it an embedded one is run.",
)
data_dir = setting("--data-dir", type=click.Path(path_type=Path), help="Where the embedded PostgreSQL lives.")
