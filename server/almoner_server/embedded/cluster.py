"""Make the directories that PostgreSQL lives in, whole or not at all."""

import os
import shutil
import signal
import stat
import tempfile
from pathlib import Path

from almoner_server.embedded.binaries import Binaries
from almoner_server.embedded.child import Child
from almoner_server.embedded.dsn import USER
from almoner_server.embedded.errors import DataDirError, StartError
from almoner_server.embedded.identity import Identity
from almoner_server.embedded.paths import Layout

UNFINISHED = "cluster.new-"


def make_root(layout: Layout) -> None:
    """Create the data directory if need be. Raises DataDirError if this process may not write there.

    Made by root it can be passed by others: PostgreSQL will be another user. Its contents are closed to them.
    """
    try:
        layout.root.parent.mkdir(parents=True, exist_ok=True)
        layout.root.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    except OSError as error:
        raise DataDirError(f"the data directory {layout.root} cannot be made: {error.strerror}") from error
    if not os.access(layout.root, os.W_OK | os.X_OK):
        owner = layout.root.stat().st_uid
        raise DataDirError(
            f"the data directory {layout.root} belongs to uid {owner}; uid {os.geteuid()} may not write there"
        )


def cluster_major(layout: Layout) -> int | None:
    """Return the major version that the cluster was made by, None if there is no cluster yet."""
    try:
        return int((layout.cluster / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        if layout.cluster.exists():
            raise DataDirError(
                f"{layout.cluster} is no PostgreSQL cluster: it has no file PG_VERSION"
            ) from None
        return None
    except PermissionError as error:
        owner = layout.cluster.stat().st_uid
        raise DataDirError(f"{layout.cluster} belongs to uid {owner}, not to uid {os.geteuid()}") from error


async def make_cluster(layout: Layout, binaries: Binaries, identity: Identity) -> None:
    """Run initdb under a temporary name, then rename: a directory called `cluster` is always a complete one.

    Raises:
        StartError: initdb failed; with its last words.
    """
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=layout.root))
    identity.own(unfinished)
    command = identity.command(layout.root, binaries.initdb, *_initdb_options(unfinished))
    with tempfile.TemporaryFile() as output:
        process = Child(command, output.fileno(), clean_environment())
        try:
            code = await process.wait()
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()
        output.seek(0)
        words = output.read().decode(errors="replace")
    if code != 0:
        raise StartError(f"{binaries} could not make a cluster in {layout.root}:\n{words}")
    _move_durably(unfinished, layout.cluster)
    sweep_unfinished(layout)  # an initdb that lost its supervisor may still have written when we began


def sweep_unfinished(layout: Layout) -> None:
    """Remove what an interrupted initdb left."""
    for unfinished in layout.root.glob(f"{UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def make_socket_dir(layout: Layout, identity: Identity) -> None:
    """Make the socket's directory, which only its owner can enter. Raises DataDirError if it is another's.

    Who can enter it is a superuser of the database: there are no passwords, and no network port.
    """
    directory = layout.socket_dir
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {0, os.geteuid(), identity.owner[0]}:
        raise DataDirError(
            f"{directory}, where the socket should be, belongs to uid {found.st_uid}; remove it"
        )
    directory.chmod(0o700)
    identity.own(directory)


def clean_environment() -> dict[str, str]:
    """Return this environment without what would steer PostgreSQL's programs elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _initdb_options(directory: Path) -> list[str]:
    return [
        f"--pgdata={directory}",
        f"--username={USER}",
        "--auth=trust",  # the socket directory decides who comes in
        "--encoding=UTF8",
        "--no-locale",
        "--data-checksums",
        "--no-instructions",
    ]


def _move_durably(source: Path, target: Path) -> None:
    source.rename(target)
    fd = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
