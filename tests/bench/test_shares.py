"""A process that is given a share of a core gets no more, where the system can see to it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cpu import seconds_of
from bench.shares import bounded, can_bound


@pytest.fixture
def busy() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield process.pid
    process.kill()
    process.wait()


def used(pid: int) -> float:
    """Return which part of half a second a process has used."""
    before, begin = seconds_of(pid), time.monotonic()
    time.sleep(0.5)
    return (seconds_of(pid) - before) / (time.monotonic() - begin)


@pytest.mark.skipif(not can_bound(), reason="takes Linux with control groups, and root")
def test_a_process_gets_its_share_while_the_block_runs(busy: int) -> None:
    with bounded([busy], 0.1):
        assert used(busy) < 0.2
    with bounded([busy], 0.1):  # nothing of the first time is left
        pass
    assert busy_without_bounds(busy)


def busy_without_bounds(pid: int) -> bool:
    """Tell whether a process gets more than its share had been; other tests may run beside it."""
    return any(used(pid) > 0.2 for _ in range(20))


def test_where_there_are_no_control_groups_nothing_is_bounded(tmp_path: Path) -> None:
    assert not can_bound(tmp_path)
    with pytest.raises(OSError, match="almoner-bench-1"), bounded([1], 0.5, tmp_path):
        pass
