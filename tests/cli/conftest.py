"""The command line against a real server, called as a shell would call it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from almoner.cli import main
from almoner_server.app import Authority
from click.testing import CliRunner

from tests.support.server import authority

UNSET: dict[str, str | None] = {
    "ALMONER_NAMESPACE": None,
    "ALMONER_SERVER": None,
    "COLUMNS": None,
    "FORCE_COLOR": None,
    "NO_COLOR": None,
}


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


Run = Callable[..., Awaitable[Answer]]


async def call(*arguments: str, **environment: str) -> Answer:
    """Call `almoner`. In a thread, since the server shares this process."""
    result = await asyncio.to_thread(
        CliRunner().invoke, main, arguments, env={**UNSET, **environment}, prog_name="almoner"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
async def server(database: str) -> AsyncIterator[Authority]:
    """Run a server in this process."""
    async with authority(database) as running:
        yield running


@pytest.fixture
def almoner(server: Authority) -> Run:
    """Call `almoner` with the server's address in the environment."""

    async def run(*arguments: str) -> Answer:
        return await call(*arguments, ALMONER_SERVER=server.address)

    return run
