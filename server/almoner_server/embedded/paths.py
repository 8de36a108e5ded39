"""Say where everything of a data directory lies."""

import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from almoner_server.embedded.errors import DataDirError

ON_MACOS: bool = sys.platform == "darwin"
PORT = 5432  # names the socket file; nothing listens on a network port
SOCKET_NAME = f".s.PGSQL.{PORT}"
MAX_SOCKET_PATH = 102  # bytes: sun_path holds 104 on macOS and 108 on Linux, its closing NUL included


@dataclass(frozen=True)
class Layout:
    """Hold the absolute paths of one data directory.

    Everything lies inside `root`, except the socket where the path would be too long for one.
    """

    root: Path
    socket_dir: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        """Lay out `data_dir`, which need not exist. Raises DataDirError if no socket path is short enough."""
        root = data_dir.expanduser().resolve()
        return cls(root, _socket_dir(root))

    @property
    def cluster(self) -> Path:
        """Return the directory that PostgreSQL itself owns."""
        return self.root / "cluster"

    @property
    def lock(self) -> Path:
        """Return the file whose flock makes a supervisor the only one."""
        return self.root / "supervisor.lock"

    @property
    def log(self) -> Path:
        """Return the file that PostgreSQL logs to."""
        return self.root / "postgres.log"

    @property
    def socket_is_elsewhere(self) -> bool:
        """Tell whether the socket had to leave the data directory."""
        return self.socket_dir.parent != self.root


def default_data_dir() -> Path:
    """Return the data directory of this user: what the platform's conventions say, without creating it."""
    if ON_MACOS:
        return Path.home() / "Library" / "Application Support" / "almoner"
    given = os.environ.get("XDG_DATA_HOME", "")
    # The XDG specification: a relative path there is invalid and must be ignored.
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "share"
    return base / "almoner"


def _socket_dir(root: Path) -> Path:
    inside = root / "run"
    if _fits(inside):
        return inside
    # The name follows from the data directory, so the same DSN is good after every restart.
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    outside = Path(tempfile.gettempdir()).resolve() / f"almoner-{digest}"
    if _fits(outside):
        return outside
    raise DataDirError(
        f"no socket can be made for the data directory {root}: in {inside} and in {outside} its path is over "
        f"{MAX_SOCKET_PATH} bytes or has a comma; give a shorter data directory or set a shorter TMPDIR"
    )


def _fits(directory: Path) -> bool:
    # Drivers read a comma in the host of a DSN as the start of another host.
    path = os.fsencode(directory / SOCKET_NAME)
    return len(path) <= MAX_SOCKET_PATH and b"," not in path
