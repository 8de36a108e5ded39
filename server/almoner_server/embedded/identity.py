"""Choose whom PostgreSQL runs as. It refuses root, so root has to become somebody else for it.

    plain               this user. Taken when it is not root
    drop                another user, who can pass the data directory's parents and read the programs
    namespace           this user, seen by PostgreSQL as another one, in a user namespace with that one uid.
                        For data or programs in root's home, and where no other uid exists
    drop-keeping-reach  another user that keeps one capability, to pass every directory. The same for
                        containers, which mostly forbid namespaces

`drop` comes first because only there PostgreSQL may touch nothing of root's. Nothing is guessed from
permission bits: each manner is tried by running `postgres --version` in the data directory, and the first
that works is taken. No parent directory's mode is changed and no program is copied. An existing cluster keeps
its owner if that works, else it is given to the one that does.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from almoner_server.embedded.binaries import Binaries
from almoner_server.embedded.errors import DataDirError
from almoner_server.embedded.paths import Layout

LAUNCHER = Path(__file__).with_name("launch.py")
NOBODY = "nobody"
ON_LINUX: bool = sys.platform == "linux"


class Manner(StrEnum):
    """Name a way to become the user that PostgreSQL runs as."""

    PLAIN = "plain"
    DROP = "drop"
    NAMESPACE = "namespace"
    DROP_KEEPING_REACH = "drop-keeping-reach"


@dataclass(frozen=True)
class Identity:
    """Hold whom PostgreSQL runs as: `uid` and `gid` as the program itself sees them."""

    manner: Manner
    uid: int
    gid: int

    @property
    def owner(self) -> tuple[int, int]:
        """Return the uid and gid that its files have, seen from this process."""
        if self.manner is Manner.NAMESPACE:
            return os.geteuid(), os.getegid()
        return self.uid, self.gid

    def command(self, directory: Path, *program: str | Path) -> list[str]:
        """Return the command line of a child that runs `program` in `directory` as this identity."""
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
        who = [self.manner, str(self.uid), str(self.gid), str(os.getpid())]
        return [*launcher, *who, str(directory), *map(str, program)]

    def own(self, path: Path) -> None:
        """Make `path` and all below it belong to this identity; `path` last, so that half a change is redone.

        Raises DataDirError where this process may not.
        """
        owner = path.lstat().st_uid
        if owner == self.owner[0]:
            return
        try:
            for folder, _, files in os.walk(path, topdown=False):
                for name in files:
                    os.chown(Path(folder, name), *self.owner, follow_symlinks=False)
                os.chown(folder, *self.owner, follow_symlinks=False)
        except OSError as error:
            raise DataDirError(
                f"{path} belongs to uid {owner}, not to uid {self.owner[0]}: {error.strerror}"
            ) from error


def choose_identity(layout: Layout, binaries: Binaries) -> Identity:
    """Return the first identity that can run `binaries` in the data directory, or raise DataDirError."""
    failures = []
    for identity in _candidates(layout):
        failure = _try(identity, layout, binaries)
        if failure is None:
            return identity
        failures.append(f"  {identity.manner}: {failure}")
    raise DataDirError("\n".join([_nobody_can(layout, binaries), *failures]))


def _nobody_can(layout: Layout, binaries: Binaries) -> str:
    """Say what no identity could do, and what the operator can."""
    if os.geteuid() == 0:
        return (
            f"PostgreSQL refuses to run as root, and nobody else can run {binaries.directory} in "
            f"{layout.root}; start almoner as an ordinary user or give a data directory outside private homes"
        )
    return (
        f"uid {os.geteuid()} cannot run PostgreSQL from {binaries.directory} in {layout.root}; "
        "install almoner and its Python where this user may read and run them, or start it as another user"
    )


def _candidates(layout: Layout) -> list[Identity]:
    if os.geteuid() != 0:
        known = _account(os.geteuid()) is not None
        return [Identity(Manner.PLAIN, os.geteuid(), os.getegid())] if known else list(_namespace())
    place = layout.cluster if layout.cluster.exists() else layout.root
    owner = place.stat().st_uid
    accounts = [_account(owner), _nobody()] if owner else [_nobody()]
    found = [Identity(Manner.DROP, one.pw_uid, one.pw_gid) for one in accounts if one]
    found += [*_namespace(), *(_keeping_reach(one) for one in accounts if one and ON_LINUX)]
    if place == layout.cluster:
        found.sort(
            key=lambda identity: identity.owner[0] != owner
        )  # stable: only its owner goes to the front
    return found


def _namespace() -> Iterator[Identity]:
    # initdb wants its uid to have a name, also inside.
    if ON_LINUX and (nobody := _nobody()):
        yield Identity(Manner.NAMESPACE, nobody.pw_uid, nobody.pw_gid)


def _keeping_reach(account: pwd.struct_passwd) -> Identity:
    return Identity(Manner.DROP_KEEPING_REACH, account.pw_uid, account.pw_gid)


def _account(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _nobody() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NOBODY)
    except KeyError:
        return None


def _try(identity: Identity, layout: Layout, binaries: Binaries) -> str | None:
    """Return why this identity cannot run there, or None if it can."""
    command = identity.command(layout.root, binaries.postgres, "--version")
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError as error:
        return f"cannot run {command[0]} as uid {os.geteuid()}: {error.strerror}"
    return None if result.returncode == 0 else result.stderr.strip()
