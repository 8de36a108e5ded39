"""Keep PostgreSQL's log: bounded, and at hand when a start fails."""

import os
import shutil
from pathlib import Path

MAX_BYTES = 8 << 20
TAIL_LINES = 15
TAIL_BYTES = 16 << 10


class LogFile:
    """Give PostgreSQL a file to write to, and read its end.

    The file is handed over open, as standard error: that works whatever uid PostgreSQL runs under, and keeps
    what the PostgreSQL of a killed supervisor says while it shuts down, which a pipe would lose.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mark = 0

    def open_for_writing(self) -> int:
        """Return a descriptor that appends, for the caller to close; `tail` starts here from now on."""
        self.rotate()
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._mark = os.fstat(fd).st_size
        return fd

    def rotate(self) -> None:
        """Keep a full file as `*.1` and empty it, so that the two stay near 8 MiB each.

        PostgreSQL holds the file open and cannot be told to open another one; since it appends, emptying is
        enough. A line written between the two steps is lost.
        """
        if self.path.exists() and self.path.stat().st_size > MAX_BYTES:
            shutil.copyfile(self.path, self.path.with_name(self.path.name + ".1"))
            os.truncate(self.path, 0)
            self._mark = 0

    def tail(self) -> str:
        """Return the last lines since the file was last opened, indented for an error message."""
        with self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._mark, end - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (nothing)"
