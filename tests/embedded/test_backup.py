"""The recipe of docs/operations.md for backup and restore, pasted into a script."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from almoner import Client

from tests.support.server import server_process

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def recipe() -> list[str]:
    """Return the scripts of the chapter: backup, restore."""
    chapter = OPERATIONS.read_text().partition("## Backup and restore\n")[2].partition("\n## ")[0]
    return [re.sub(r"(?m)^    ", "", block) for block in re.findall(r"(?m)(?:^    .*\n)+", chapter)]


async def play(script: str, where: Path, **variables: Path) -> tuple[int, str]:
    """Run a script; return its exit code and what it wrote."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-c", f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"),
        cwd=where,
        stdout=PIPE,
        stderr=STDOUT,
        env={**os.environ, "PATH": path, **{name: str(value) for name, value in variables.items()}},
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_what_was_backed_up_is_there_after_the_restore(tmp_path: Path) -> None:
    backup, restore = recipe()
    old, new = tmp_path / "old", tmp_path / "new"
    async with server_process("--data-dir", str(old)) as server, Client(server.address) as quota:
        await quota.charge(user="u", tokens=5)
        assert await play(backup, tmp_path, DATA_DIR=old) == (0, "")
    programs = "\n".join(backup.splitlines()[:-1])
    code, output = await play(f"{programs}\n{restore}", tmp_path, NEW=new)
    assert code == 0, output
    assert output.endswith("No difference in 1 account, 1 charge and 0 holds.\n")
