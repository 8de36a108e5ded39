"""Giving a process at most a share of a core, so that a machine has room for what is measured beside it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD = 10_000
"""Microseconds over which a share is counted: short, so that a process is never stopped for long."""


def can_bound(root: Path = ROOT) -> bool:
    """Tell whether this system lets us: that takes Linux with control groups, and root."""
    try:
        group = _make(f"almoner-bench-{os.getpid()}", 0.5, root)
    except OSError:
        return False
    group.rmdir()
    return True


@contextmanager
def bounded(pids: Sequence[int], share: float, root: Path = ROOT) -> Iterator[None]:
    """Give each process no more than a share of a core, 0.1 to 1, while the block runs.

    Raises OSError if the system does not let us.
    """
    with ExitStack() as leaving:
        for pid in pids:
            group = _make(f"almoner-bench-{pid}", share, root)
            leaving.callback(group.rmdir)
            _move(pid, group)
            leaving.callback(_move, pid, group.parent)
        yield


def _make(name: str, share: float, root: Path) -> Path:
    """Make a control group whose members get a share of a core, as version 2 or 1 of the kernel's interface has it."""
    quota = int(share * PERIOD)
    if (root / "cgroup.controllers").exists():
        (root / "cgroup.subtree_control").write_text("+cpu")
        settings, group = {"cpu.max": f"{quota} {PERIOD}"}, root / name
    else:
        settings = {"cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(quota)}
        group = root / "cpu" / name
    group.mkdir()
    try:
        for file, value in settings.items():
            (group / file).write_text(value)
    except OSError:
        group.rmdir()
        raise
    return group


def _move(pid: int, group: Path) -> None:
    (group / "cgroup.procs").write_text(str(pid))
