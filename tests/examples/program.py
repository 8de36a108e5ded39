"""Runs a program as its reader would, and gives what it prints."""

import asyncio
import os
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 100


async def output_of(*command: str | Path, server: str, cwd: Path = EXAMPLES) -> list[str]:
    """Run a command against a server; return the lines it prints. Anything but exit code 0 is a failure."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "ALMONER_SERVER": server},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, complaint = await asyncio.wait_for(process.communicate(), SECONDS)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, complaint.decode()
    assert complaint.decode() == ""
    return printed.decode().splitlines()
