"""Who is at work on a journal: a lock on a file is let go by the system, however its holder dies."""

import fcntl
import os
from pathlib import Path

from almoner.ids import new_id
from almoner.journal import forks
from almoner.journal.forks import Forked, not_now


class LockFile(Forked):
    """Is a file that one process at a time may have locked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; tell whether it was. Raises OSError."""
        with not_now:
            self._descriptor = _locked(self.path)
            forks.watch(self)
        return self.held

    @property
    def held(self) -> bool:
        """Tell whether this process has it."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let go of the lock. Safe to repeat.

        To close the file would not do: a child that was forked by something else than Python may have it open, too.
        """
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def forget(self) -> None:
        """Close the file, in a child. The lock stays with the parent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _locked(path: Path) -> int | None:
    """Open a file and lock it; None if another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor


class Owner(LockFile):
    """Is the mark of one client: it is alive as long as its file is locked. Raises OSError."""

    def __init__(self, directory: Path) -> None:
        self.name = new_id()
        super().__init__(_path(directory, self.name))
        self.acquire()

    def release(self) -> None:
        """Say that this client is gone. Safe to repeat."""
        if self.held:  # a child has nothing to say
            self.path.unlink(missing_ok=True)
        super().release()


def is_gone(directory: Path, name: str) -> bool:
    """Tell whether a client has ended, and clear its mark away."""
    mark = LockFile(_path(directory, name))
    if not mark.acquire():
        return False
    mark.path.unlink(missing_ok=True)
    mark.release()
    return True


def _path(directory: Path, name: str) -> Path:
    return directory / f"owner-{name}.lock"
