"""Fail when a tracked file ties the repository to one machine or one package registry.

Two things give that away: an absolute path into a home, work or scratch directory, and an address or a
hash that a lock or constraint file recorded. Pins here are plain `name==version` lines.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = "|".join(re.escape(str(path)) for path in (Path.home(), Path.cwd()))
MACHINE_PATH = re.compile(rf"(?<![\w.$}}/-])(?:{HERE}|/(?:root|work|tmp)/\w+)\b")
PIN = re.compile(r"(?:#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+)?")
LOCK_FILES = ("*.lock", "*-lock.json", "Pipfile.lock", "pylock*.toml")


def tracked_files() -> list[Path]:
    """List the files that git tracks and that are there."""
    names = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := Path(name)).is_file()]


def findings_in(path: Path) -> Iterator[str]:
    """Yield what is wrong in one file, as `path:line: what`."""
    if any(path.match(pattern) for pattern in LOCK_FILES):
        yield f"{path}:1: lock files record registry addresses; pin in requirements/ instead"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, start=1):
        if found := MACHINE_PATH.search(line):
            yield f"{path}:{number}: path of one machine: {found.group()}"
        if path.parts[0] == "requirements" and not PIN.fullmatch(line):
            yield f"{path}:{number}: not a plain name==version line: {line}"


def main() -> int:
    """Print every finding and return 1 if there is any."""
    findings = [finding for path in tracked_files() for finding in findings_in(path)]
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
