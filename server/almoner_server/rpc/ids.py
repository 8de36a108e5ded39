"""Ids for callers that bring none."""

import secrets
import time
from uuid import UUID

from almoner_server.store.ids import fast_uuid


def new_id() -> UUID:
    """Make a UUID of version 7: it sorts by the millisecond it was made in, the rest is random."""
    milliseconds = time.time_ns() // 1_000_000
    bits = secrets.randbits(74)
    number = milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    return fast_uuid(f"{number:032x}")
