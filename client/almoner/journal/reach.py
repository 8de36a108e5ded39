"""Whether the authority was there a moment ago, so that not every call of an outage waits for its timeout."""

import time

PROBE_PAUSE = 1.0
"""Seconds between two calls that try whether the authority is back."""
PROBE_TIMEOUT = 1.0
"""Seconds that such a call may take."""


class Reach:
    """Remembers an outage from the first call that got no answer to the first that did."""

    def __init__(self) -> None:
        self._away = False
        self._next_probe = 0.0

    def lost(self) -> None:
        """Note that a call got no answer."""
        self._away = True
        self._next_probe = time.monotonic() + PROBE_PAUSE

    def found(self) -> None:
        """Note that a call got one."""
        self._away = False

    def worth_trying(self) -> bool:
        """Tell whether to call. During an outage one call a second is let through, to try."""
        if not self._away:
            return True
        now = time.monotonic()
        if now < self._next_probe:
            return False
        self._next_probe = now + PROBE_PAUSE
        return True

    def timeout(self, seconds: float | None) -> float | None:
        """Shorten the timeout of a call that only tries."""
        if not self._away:
            return seconds
        return PROBE_TIMEOUT if seconds is None else min(seconds, PROBE_TIMEOUT)
