"""Which interpreter `make` builds its environment with, if nobody names one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "create_venv.sh"
TOOLS = ("sh", "dirname", "rm")
NO_PIP = "-c|-m) exit 1;;"
"""Has neither ensurepip nor pip."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a directory with what the script needs, and no interpreter."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (directory / tool).symlink_to(found)
    return directory


def add(path: Path, name: str, microseconds: int, but: str = "") -> None:
    """Add an interpreter that says how long it takes: less than any real one, so that those are never chosen."""
    program = path / name
    program.write_text(
        f"#!/bin/sh\ncase $1 in *interpreter_speed.py) echo {microseconds}; exit;; {but} esac\n"
        f'exec {sys.executable} "$@"\n'
    )
    program.chmod(0o755)


def create(path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the script with nothing else on PATH."""
    return subprocess.run(
        ["/bin/sh", SCRIPT, path.parent / "venv"],
        env={"PATH": str(path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_first_on_path_is_taken_from_one_that_is_hardly_faster(path: Path) -> None:
    add(path, "python3", 100)
    add(path, "python3.14", 85)
    done = create(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (path.parent / "venv" / "bin" / "python").exists()


def test_one_that_is_faster_by_a_quarter_takes_its_place_and_the_script_says_so(path: Path) -> None:
    add(path, "python3", 100)
    add(path, "python3.14", 75)
    done = create(path)
    assert done.returncode == 0
    assert f"made by {path}/python3.14, which is faster than {path}/python3" in done.stderr


def test_a_faster_one_that_cannot_make_an_environment_leaves_it_to_the_first(path: Path) -> None:
    add(path, "python3", 100)
    add(path, "python3.14", 50, NO_PIP)
    done = create(path)
    assert (done.returncode, done.stderr) == (0, "")


def test_who_names_an_interpreter_gets_it(path: Path) -> None:
    add(path, "python3", 100)
    add(path, "mine", 300)
    add(path, "python3.14", 50)
    done = create(path, PYTHON=str(path / "mine"))
    assert (done.returncode, done.stderr) == (0, "")


def test_without_an_interpreter_the_script_says_what_is_needed(path: Path) -> None:
    done = create(path, PYTHON="python-of-nowhere")
    assert done.returncode == 1
    assert "needs Python 3.11 or later; none found as python-of-nowhere" in done.stderr
    assert not (path.parent / "venv").exists()
