"""The clients in other languages do what docs/other-languages.md says.

Where a toolchain is missing, or the packages that page tells to fetch cannot be had, they skip.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.conftest import SECONDS_TO_MIDNIGHT
from tests.examples.program import EXAMPLES, output_of

GO = EXAMPLES / "go"
NODE = EXAMPLES / "node"
INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=20000"]
INSTALL_SECONDS = 60
WITHOUT_NETWORK = ["env", "GOPROXY=off", "GOTOOLCHAIN=local"]
BUF = Path(sys.executable).with_name("buf")


def require_go() -> None:
    """Skip unless there is a Go with every package of the example in its cache, and buf."""
    if shutil.which("go") is None or not BUF.exists():
        pytest.skip("go or buf is not installed")
    cached = subprocess.run(
        [*WITHOUT_NETWORK, "go", "mod", "download"], cwd=GO, capture_output=True, check=False
    )
    if cached.returncode != 0:
        pytest.skip("not in Go's cache: run `go mod download` in examples/go first")


def require_node() -> None:
    """Skip unless there is a Node with every package of the example; fetch them once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node or npm is not installed")
    if (NODE / "node_modules" / ".package-lock.json").exists():  # npm writes it last
        return
    try:
        subprocess.run(INSTALL, cwd=NODE, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True)
    except subprocess.TimeoutExpired:
        pytest.skip(f"`npm install` in examples/node took more than {INSTALL_SECONDS} s")
    except subprocess.CalledProcessError as error:
        first = next((line for line in error.stderr.splitlines() if "error" in line), "")
        pytest.skip(f"`npm install` in examples/node failed: {first}")


def assert_spent_twice_then_refused(printed: list[str]) -> None:
    once = ["booked 400000, replayed: false", "booked 400000, replayed: true"]
    refused = "refused: REFUSAL_REASON_EXHAUSTED by PERIOD_DAY, 200000 of 1000000 left"
    assert printed[:-1] == [*once, *once, f"{refused}, retry after {SECONDS_TO_MIDNIGHT} s"]
    assert re.fullmatch(
        r"(InvalidArgument|code 3): UNKNOWN_UNIT, field amounts\[dollars\], may be usd_micros", printed[-1]
    )


async def test_the_go_client_asks_commits_and_reads_the_details_of_an_error(address: str) -> None:
    require_go()
    await output_of(*WITHOUT_NETWORK, BUF, "generate", server=address, cwd=GO)
    printed = await output_of(*WITHOUT_NETWORK, "go", "run", ".", server=address, cwd=GO)
    assert_spent_twice_then_refused(printed)


async def test_the_node_client_asks_commits_and_reads_the_details_of_an_error(address: str) -> None:
    require_node()
    assert_spent_twice_then_refused(await output_of("node", "main.js", server=address, cwd=NODE))
