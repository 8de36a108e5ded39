"""Generate the blocking client, client/almoner/_sync, from the asynchronous one, client/almoner/_async.

unasync takes `async` and `await` out of the code and renames what has another name there; `almoner.runtime`
has a module by hand for each side where more than words differ. Runs in .venv (`make sync-client`).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from unasync import Rule, unasync_files  # type: ignore[import-untyped]

PACKAGE = Path("client", "almoner")
SOURCE = PACKAGE / "_async"
TARGET = PACKAGE / "_sync"
HEADER = "# Generated from almoner/_async/{name} by tools/generate_blocking.py. Do not edit.\n"
NAMES = {"_async": "_sync", "asynchronous": "blocking"}
RUFF = Path(sys.executable).with_name("ruff")


def take_words_out(text: str) -> str:
    """Take `async` and `await` out of docstrings and comments, too; unasync leaves them alone."""
    return re.sub(r"\b(?:async|await) (?=with\b|for\b|def\b|\w+[.(])", "", text)


def generate(target: Path) -> None:
    """Write the blocking modules into a directory, formatted as the rest of the repository."""
    sources = sorted(SOURCE.glob("*.py"))
    unasync_files([str(path) for path in sources], [Rule(f"{SOURCE}/", f"{target}/", NAMES)])
    for source in sources:
        module = target / source.name
        module.write_text(HEADER.format(name=source.name) + take_words_out(module.read_text()))
    ours = 'lint.isort.known-first-party = ["almoner"]'  # ruff cannot see that in the place they are now
    settings = ["--config", "pyproject.toml", "--config", ours, "--no-cache", "--quiet"]
    subprocess.run([RUFF, "check", "--select", "I", "--fix", *settings, target], check=True)
    subprocess.run([RUFF, "format", *settings, target], check=True)


def main() -> None:
    """Generate aside first, so that a broken source leaves the old modules whole."""
    with tempfile.TemporaryDirectory() as directory:
        generate(Path(directory))
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(directory, TARGET)


if __name__ == "__main__":
    main()
