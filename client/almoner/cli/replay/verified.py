"""Comparing every counter with the ledger after a replay, by `almoner verify` where that is possible."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from almoner.cli.exits import ExitCode


@dataclass(frozen=True, slots=True)
class Verification:
    """Tells what `almoner verify` found, or why it did not look."""

    findings: tuple[str, ...] | None
    """Each difference in words. None: not verified."""
    summary: str
    """One sentence."""

    @property
    def clean(self) -> bool:
        """Tell that nothing was found, also because nobody looked."""
        return not self.findings


async def verify(options: Sequence[str], booked: int) -> Verification:
    """Run `almoner verify` in a process of its own: it belongs to the server, which is not imported here.

    Args:
        options: Which database, as `almoner verify` takes it.
        booked: How many charges the replay booked: a database with fewer is not the server's.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "almoner.cli", "verify", "--json", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode not in (ExitCode.OK, ExitCode.DIFFERENCES):
        return _not_run(errors.decode(errors="replace").strip().rpartition("\n")[2])
    return _read(json.loads(output), booked)


def _read(report: dict[str, Any], booked: int) -> Verification:
    rows = f"{report['accounts']:,} accounts, {report['charges']:,} charges and {report['holds']:,} holds"
    if report["charges"] < booked:
        return _not_run(f"the database found has {rows}, so it is not the server's")
    findings = tuple(finding["message"] for finding in report["findings"])
    found = f"{len(findings):,} differences" if findings else "no difference"
    return Verification(findings, f"{found} in {rows}")


def _not_run(why: str) -> Verification:
    how = "run `almoner verify` where the server's database is, or give --database-url or --data-dir"
    return Verification(None, f"not run: {why.removeprefix('almoner: ')}; {how}")
