"""Tell which processes are a PostgreSQL that works on a given cluster."""

import os
import subprocess
import sys
from pathlib import Path

PROC = Path("/proc")
PROC_TELLS: bool = sys.platform == "linux"


def serves(pid: int, cluster: Path) -> bool:
    """Tell whether process `pid` is alive, not a zombie, and a PostgreSQL working on `cluster`.

    A process id alone proves nothing: after a crash it may belong to any other program.
    """
    check = _serves_by_proc if PROC_TELLS else _serves_by_ps
    return check(pid, cluster)


def serving(cluster: Path) -> list[int]:
    """Return every process that works on `cluster`, also without a postmaster; none without /proc."""
    if not PROC_TELLS:
        return []
    return [
        int(entry.name)
        for entry in PROC.iterdir()
        if entry.name.isdigit() and serves(int(entry.name), cluster)
    ]


def _serves_by_proc(pid: int, cluster: Path) -> bool:
    process = PROC / str(pid)
    try:
        # "17 (postgres) S ...": the name may itself have brackets
        name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
        if name != "postgres" or rest.split()[0] in {"Z", "X"}:
            return False
        try:
            # Every process of PostgreSQL stays in its cluster's directory.
            return (process / "cwd").readlink() == cluster
        except PermissionError:
            # A postmaster's command line names it, and anybody may read that.
            return os.fsencode(cluster) in (process / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def _serves_by_ps(pid: int, cluster: Path) -> bool:
    command = ["/bin/ps", "-o", "stat=", "-o", "command=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    state, _, line = answer.partition(" ")
    return not state.startswith("Z") and "postgres" in line and str(cluster) in line
