"""Say how to reach the embedded PostgreSQL, from this process or another one."""

from pathlib import Path
from urllib.parse import quote

from almoner_server.embedded.errors import DataDirError, NotRunningError
from almoner_server.embedded.paths import PORT, Layout
from almoner_server.embedded.pidfile import PidFile
from almoner_server.embedded.processes import serves

USER = DATABASE = "almoner"


def dsn_for(socket_dir: Path, database: str = DATABASE) -> str:
    """Return the DSN of a database behind the socket in `socket_dir`; it has the port, lest PGPORT apply."""
    return f"postgresql://{USER}@/{database}?host={quote(str(socket_dir))}&port={PORT}"


def embedded_dsn(data_dir: Path) -> str:
    """Return the DSN of the authority that runs on `data_dir`, started by whichever process.

    Raises:
        NotRunningError: nothing runs there, or it does not accept connections yet.
        DataDirError: this user may not look into the directory.
    """
    layout = Layout.of(data_dir)
    try:
        running = PidFile.read(layout.cluster)
    except PermissionError as error:
        raise DataDirError(
            f"{layout.cluster} may only be read by the user that almoner runs as there"
        ) from error
    if running is None or not serves(running.pid, layout.cluster):
        raise NotRunningError(
            f"no almoner with an embedded PostgreSQL runs on the data directory {layout.root}"
        )
    if running.socket_dir is None or not running.ready:
        raise NotRunningError(f"the almoner on the data directory {layout.root} is still starting")
    return dsn_for(running.socket_dir)
