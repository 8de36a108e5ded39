"""Whether the authority was there a moment ago, so that not every call of an outage waits for its timeout.

What a call met is one of three things: an answer, also an error of the authority; evidence that it cannot be reached;
or nothing that tells, a deadline that was too short for either.
"""

import time

from almoner.errors import CallError, DeadlineExceeded, Unavailable

PROBE_PAUSE = 1.0
"""Seconds between two calls that try whether the authority is back."""
PROBE_TIMEOUT = 1.0
"""Seconds that such a call may take, and that an authority must be silent for to count as away."""


class Reach:
    """Remembers an outage from the first evidence of it to the next answer.

    Args:
        timeout: Seconds that a call has which does not say.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._next_probe = 0.0
        self._last_answer = float("-inf")
        self.away = False
        """Whether the authority cannot be reached, as far as is known."""

    def found(self) -> None:
        """Note that a call got an answer."""
        self._last_answer = time.monotonic()
        self.away = False

    def failed(self, error: CallError, seconds: float | None) -> bool:
        """Note what a call met that had so many seconds, None: as many as usual; tell whether this is an outage."""
        if not isinstance(error, Unavailable | DeadlineExceeded):
            self.found()
            return False
        if isinstance(error, Unavailable) or self._is_silent(seconds):
            self.away = True
            self._next_probe = time.monotonic() + PROBE_PAUSE
        return self.away

    def _is_silent(self, seconds: float | None) -> bool:
        """Tell whether a deadline that ran out says something: there was time to answer, and nobody was answered."""
        given = self._timeout if seconds is None else seconds
        return given >= PROBE_TIMEOUT and time.monotonic() - self._last_answer >= PROBE_TIMEOUT

    def worth_trying(self) -> bool:
        """Tell whether to call. During an outage one call a second is let through, to try."""
        if not self.away:
            return True
        now = time.monotonic()
        if now < self._next_probe:
            return False
        self._next_probe = now + PROBE_PAUSE
        return True

    def timeout(self, seconds: float | None) -> float | None:
        """Shorten the timeout of a call that only tries."""
        if not self.away:
            return seconds
        return min(self._timeout if seconds is None else seconds, PROBE_TIMEOUT)
