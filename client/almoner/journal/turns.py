"""Whose turn it is to replay: one client at a time, so that the order is kept."""

import os
import time
from contextlib import suppress
from pathlib import Path

from almoner.errors import JournalBusy
from almoner.journal.file import journal_error
from almoner.journal.owners import LockFile


class Turn(LockFile):
    """Is the lock of whoever replays. Its file says which process that is, and when it last got on."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "replay.lock")

    def acquire(self) -> bool:
        """Take the turn if it is free; tell whether it was. Raises OSError."""
        if not super().acquire():
            return False
        assert self._descriptor is not None
        with suppress(OSError):  # a full disk shall not keep from replaying, which empties it
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        return True

    def get_on(self) -> None:
        """Show those who wait that this process still does something."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.utime(self._descriptor)


class Patience:
    """Waits for the turn of another for as long as that gets on.

    Args:
        directory: The journal.
        seconds: How long the other may show nothing.
    """

    def __init__(self, directory: Path, seconds: float) -> None:
        self._directory = directory
        self._seconds = seconds
        self._seen = ("", 0)
        self._since = 0.0

    def require(self) -> None:
        """Go on waiting.

        Raises:
            JournalBusy: The other has shown nothing for too long.
            JournalError: The directory cannot be read.
        """
        try:
            seen, now = self._look(), time.monotonic()
        except OSError as error:
            raise journal_error(self._directory, error) from error
        if seen != self._seen:
            self._seen, self._since = seen, now
        elif now - self._since > self._seconds:
            raise JournalBusy(
                f"the journal in {self._directory} is being replayed by process {seen[0] or 'unknown'}, which has not"
                f" got on for {self._seconds:g} s: let it go on, or end it"
            )

    def _look(self) -> tuple[str, int]:
        """Read which process has the turn, and when it last got on."""
        path = self._directory / "replay.lock"
        return path.read_text(), path.stat().st_mtime_ns
