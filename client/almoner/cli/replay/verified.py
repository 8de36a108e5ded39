"""Comparing every counter with the ledger after a replay, by `almoner verify` where that is possible.

Only the server's own database says something of the server. It is known by a witness: a charge of nothing, by
a user of a name that nobody else has.
"""

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
    named: bool = False
    """Whether the database was named for it, not just the one that is usual."""

    @property
    def clean(self) -> bool:
        """Tell that nothing was found, also because nobody looked."""
        return not self.findings

    @property
    def missed(self) -> bool:
        """Tell that nobody looked although it was asked for."""
        return self.named and self.findings is None


async def verify(options: Sequence[str], namespace: str, witness: str) -> Verification:
    """Run `almoner verify` in a process of its own: it belongs to the server, which is not imported here.

    Args:
        options: Which database, as `almoner verify` takes it.
        namespace: Where the replay took place.
        witness: A user who has a charge there in the server's database, and in no other.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "almoner.cli", "verify", "--json", "--witness", namespace, witness, *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode not in (ExitCode.OK, ExitCode.DIFFERENCES):
        return _not_run(errors.decode(errors="replace").strip().rpartition("\n")[2], named=bool(options))
    return _read(json.loads(output), named=bool(options))


def _read(report: dict[str, Any], *, named: bool) -> Verification:
    rows = f"{report['accounts']:,} accounts, {report['charges']:,} charges and {report['holds']:,} holds"
    findings = tuple(finding["message"] for finding in report["findings"])
    found = f"{len(findings):,} differences" if findings else "no difference"
    return Verification(findings, f"{found} in {rows}", named)


def _not_run(why: str, *, named: bool) -> Verification:
    how = "run `almoner verify` where the server's database is, or give --database-url or --data-dir"
    return Verification(None, f"not run: {why.removeprefix('almoner: ')}; {how}", named)
