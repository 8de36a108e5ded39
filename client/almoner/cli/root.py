"""The group of all commands: ours, those that other packages bring, and one line for every error."""

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn

import click

from almoner.cli.exits import ExitCode, code_of_error, line_of_error
from almoner.errors import AlmonerError

EXTRA_COMMANDS = "almoner.commands"
"""The entry-point group in which other packages name their commands."""
_SERVER_EXTRA = "this command is part of the server: pip install 'almoner[server,embedded]'"


class Root(click.Group):
    """Finds commands, runs one, and ends with a code of `ExitCode` and at most one line on standard error."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """List all commands, also those whose package lacks something."""
        return sorted({*self.commands, *(extra.name for extra in _extras())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Find a command by its name."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        found = next((extra for extra in _extras() if extra.name == cmd_name), None)
        return None if found is None else _load(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command called; options for a client given before one that is none are an error."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name not in self.commands:
            _refuse_options(ctx, name, command)
        return name, command, rest

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process; with `standalone_mode` off as click does."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as help_wanted:
            help_wanted.show()
            sys.exit(ExitCode.BAD_INPUT)
        except click.ClickException as error:
            _fail(_line_of_usage(error), error.exit_code)
        except click.Abort:
            _fail("interrupted", ExitCode.INTERRUPTED)
        except AlmonerError as error:
            _fail(line_of_error(error), code_of_error(error))
        except OSError as error:
            _fail(str(error), ExitCode.FAILURE)
        sys.exit(code if isinstance(code, int) else ExitCode.OK)


def _refuse_options(ctx: click.Context, name: str, command: click.Command | None) -> None:
    """Raise UsageError for options that the command would never see. The environment is for all commands."""
    given = [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.name
        and ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if not given:
        return
    known = {option for parameter in (command.params if command else ()) for option in parameter.opts}
    its_own = [option for option in given if option in known]
    hint = f"type `almoner {name} {' '.join(its_own)}`" if its_own else "it calls no server"
    raise click.UsageError(f"{', '.join(given)} before {name} says nothing to it: {hint}", ctx)


def _fail(line: str, code: int) -> NoReturn:
    click.echo(f"almoner: {line}", err=True)
    sys.exit(code)


def _line_of_usage(error: click.ClickException) -> str:
    line = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{line} (see `{context.command_path} --help`)" if context else line


def _extras() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=EXTRA_COMMANDS))


def _load(extra: EntryPoint) -> click.Command:
    try:
        command = extra.load()
    except ImportError as error:
        return _missing(extra.name, error)
    assert isinstance(command, click.Command)
    return command


def _missing(name: str, error: ImportError) -> click.Command:
    """Stand in for a command whose package is not all there, and say what to install."""

    def fail(_arguments: tuple[str, ...]) -> NoReturn:
        raise click.ClickException(f"{error}; {_SERVER_EXTRA}")

    return click.Command(
        name,
        callback=fail,
        params=[click.Argument(["_arguments"], nargs=-1, type=click.UNPROCESSED)],
        short_help="(needs the server extra)",
        help=f"Not installed: {_SERVER_EXTRA}.",
        context_settings={"ignore_unknown_options": True},
    )
