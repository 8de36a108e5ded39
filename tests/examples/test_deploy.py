"""What deploy/ and docs/operations.md say of the server is true of it."""

import re
import sys
from pathlib import Path

import click
import pytest
from almoner_server.cli import migrate, serve, verify

from tests.examples.program import output_of

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"
PAGES = [*sorted((ROOT / "deploy").iterdir()), *sorted((ROOT / "docs").glob("*.md"))]
OF_CLIENTS = {"ALMONER_SERVER", "ALMONER_JOURNAL"}


def options_of(command: click.Command) -> dict[str, str]:
    """Return the environment variable of each option that has one."""
    return {
        parameter.opts[0]: str(parameter.envvar)
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.envvar
    }


def test_the_table_of_settings_is_that_of_the_server() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+)` \| `(ALMONER_[A-Z_]+)` \|", OPERATIONS.read_text(), re.MULTILINE)
    assert dict(rows) == options_of(serve)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_that_is_named_exists(page: Path) -> None:
    known = {name for command in (serve, migrate, verify) for name in options_of(command).values()}
    assert set(re.findall(r"\bALMONER_[A-Z_]+\b", page.read_text())) <= known | OF_CLIENTS


async def test_the_health_check_tells_a_server_that_serves_from_none(address: str) -> None:
    check: list[str | Path] = [sys.executable, "-W", "error", ROOT / "deploy" / "health_check.py"]
    assert await output_of(*check, address, server=address) == [f"{address}: SERVING"]
    with pytest.raises(AssertionError, match="failed to connect"):
        await output_of(*check, "127.0.0.1:1", server=address)
