"""Ids made by the caller, before the first attempt, so that any call can be sent again."""

import os
import time


def new_id() -> str:
    """Make a UUID of version 7: ordered by the millisecond it was made in, unguessable after that.

    See docs/semantics.md, "Idempotency", for what a repeated id means.
    """
    millis = time.time_ns() // 1_000_000
    value = (millis & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant of RFC 9562
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
