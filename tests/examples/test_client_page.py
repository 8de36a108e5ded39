"""Every Python block of docs/client.md runs as it stands, against a real authority: alone, and after all before it."""

import ast
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

import almoner
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@dataclass
class Reply:
    cost: str = "0.17"


async def call_the_model() -> Reply:
    return Reply()


@pytest.fixture
async def quota(address: str) -> AsyncIterator[almoner.Client]:
    async with almoner.Client(address) as client:
        yield client


def title(block: str) -> str:
    """Name a block by its first line."""
    return block.partition("\n")[0]


@pytest.mark.parametrize("block", BLOCKS, ids=title)
async def test_the_block_runs_as_it_stands(block: str, quota: almoner.Client, tmp_path: Path) -> None:
    await run(block, quota, tmp_path)


async def test_the_blocks_run_one_after_the_other(quota: almoner.Client, tmp_path: Path) -> None:
    for block in BLOCKS * 2:
        try:
            await run(block, quota, tmp_path)
        except Exception as error:
            error.add_note(f"in the block that begins {title(block)}")
            raise


async def run(block: str, quota: almoner.Client, directory: Path) -> None:
    """Run a block of the page, in the world that those before it have left."""
    block = block.replace("127.0.0.1:50051", quota.address)
    names = {name: getattr(almoner, name) for name in almoner.__all__}
    code = compile(block, PAGE.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    yours = {"quota": quota, "call_the_model": call_the_model, "directory": directory}
    await FunctionType(code, {**names, **yours})()


def test_the_page_has_blocks() -> None:
    assert len(BLOCKS) > 10
