"""How much memory this process has, and giving back what it has no use for."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    """Return how much memory is resident, in bytes; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def give_back() -> None:
    """Let the allocator return to the system what was freed: glibc keeps it, and it would count for ever."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
