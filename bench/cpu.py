"""How much CPU a process has used, itself or with everything it started."""

import psutil


def seconds_of(pid: int) -> float:
    """Return the seconds of CPU, user and system, that one process has used, without its children."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def seconds_of_tree(pid: int) -> float:
    """Return the seconds that a process and all it ever started have used: PostgreSQL works in children."""
    root = psutil.Process(pid)
    ended = root.cpu_times()
    total = float(ended.children_user + ended.children_system)
    for process in [root, *root.children(recursive=True)]:
        try:
            total += seconds_of(process.pid)
        except psutil.NoSuchProcess:  # its time is the parent's now, and counted at the next look
            continue
    return total


def resident_bytes(pid: int) -> int:
    """Return how much memory of a process is resident."""
    return int(psutil.Process(pid).memory_info().rss)
