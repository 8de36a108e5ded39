"""Run a PostgreSQL of the authority's own, for when no database is given.

It lives in one data directory, is reached only through a Unix socket in a directory of mode 0700, and is
watched: whoever kills it finds it back. It knows nothing of quotas; what it gives to the server is a DSN.
"""

from almoner_server.embedded.binaries import Binaries, find_binaries
from almoner_server.embedded.dsn import embedded_dsn
from almoner_server.embedded.errors import (
    BinariesNotFoundError,
    DataDirError,
    DataDirInUseError,
    EmbeddedError,
    NotRunningError,
    StartError,
    VersionMismatchError,
)
from almoner_server.embedded.paths import default_data_dir
from almoner_server.embedded.supervisor import EmbeddedPostgres

__all__ = [
    "EmbeddedPostgres",
    "embedded_dsn",
    "default_data_dir",
    "Binaries",
    "find_binaries",
    "EmbeddedError",
    "BinariesNotFoundError",
    "DataDirError",
    "DataDirInUseError",
    "NotRunningError",
    "StartError",
    "VersionMismatchError",
]
