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
database_url = setting("--database-url", help="PostgreSQL 15 or later; without it an embedded one is run.")
data_dir = setting("--data-dir", type=click.Path(path_type=Path), help="Where the embedded PostgreSQL lives.")
