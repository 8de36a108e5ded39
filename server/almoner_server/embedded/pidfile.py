"""Read the file in which a running PostgreSQL says who and where it is."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PidFile:
    """Hold what `postmaster.pid` says: process id, socket's directory, and whether connections are accepted.

    The last two are unknown (None, False) while PostgreSQL is still starting.
    """

    pid: int
    socket_dir: Path | None
    ready: bool

    @staticmethod
    def path(cluster: Path) -> Path:
        """Return where a cluster has the file."""
        return cluster / "postmaster.pid"

    @classmethod
    def read(cls, cluster: Path) -> "PidFile | None":
        """Return what the file says; None if there is none, or one that a crash left without a process id."""
        try:
            lines = os.fsdecode(cls.path(cluster).read_bytes()).splitlines()
        except FileNotFoundError:
            return None
        # pid, data directory, start time, port, socket directory, listen address, shared memory, status
        lines += [""] * (8 - len(lines))
        if not lines[0].strip().isdigit():
            return None
        return cls(int(lines[0]), Path(lines[4]) if lines[4] else None, lines[7].strip() == "ready")
