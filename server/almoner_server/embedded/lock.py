"""Make a supervisor the only one on its data directory."""

import fcntl
import os
from pathlib import Path

from almoner_server.embedded.errors import DataDirInUseError


class DirectoryLock:
    """Hold the flock of a data directory until released or until this process is gone, however it went.

    The file is never removed: two supervisors could then each hold the lock of another file of the same name.
    Its descriptor is not inherited by PostgreSQL, so an orphan does not keep the next supervisor out.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises DataDirInUseError, naming the directory and the holder, if it is taken."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise DataDirInUseError(
                f"the data directory {path.parent} is in use by another almoner, process {holder}; "
                "stop that one or give another data directory"
            ) from None
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let the next supervisor in."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
