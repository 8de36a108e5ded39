"""What was measured on: the machine and the versions, without its name or any path."""

import os
import platform
import re
import time
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("almoner", "grpcio", "protobuf", "asyncpg", "uvloop")
BLOCK = b"\0" * 8192
"""What PostgreSQL writes at a time."""
SYNCS = 200


def describe(data_dir: Path, postgres: str) -> dict[str, str]:
    """Describe the machine for the report; `data_dir` is where the database writes."""
    return {
        "CPU": f"{cpu_model()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "fsync of 8 KiB": f"{sync_microseconds(data_dir):.0f} us, on {file_system(data_dir)}",
        "load before the run": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "PostgreSQL": postgres,
    } | {name: version(name) for name in PACKAGES}


def cpu_model() -> str:
    """Return the name of the CPU."""
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def sync_microseconds(folder: Path) -> float:
    """Measure the median microseconds that it takes to make one block durable."""
    path, took = folder / "fsync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.seek(0)
            file.write(BLOCK)
            begin = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begin)
    path.unlink()
    return sorted(took)[SYNCS // 2] * 1e6


def file_system(folder: Path) -> str:
    """Return the kind of the file system that a folder lies on, such as ext4."""
    place = folder.resolve()
    parts = [part for part in psutil.disk_partitions(all=True) if place.is_relative_to(part.mountpoint)]
    return max(parts, key=lambda part: len(part.mountpoint)).fstype if parts else "an unknown file system"
