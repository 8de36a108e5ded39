"""A journal is opened: by several processes at once, in directories that are not there yet."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from almoner import Journal, blocking
from almoner.journal import file
from almoner.journal.book import Book

OPENER = """
import sys
from almoner import Journal
from almoner.journal.book import Book
from tests.client.journal.entries import waiting_commit

for directory in sys.argv[1:]:
    print("ready", flush=True)
    sys.stdin.readline()
    book = Book(Journal(directory))
    book.append([waiting_commit("u-1")], sending=False).result()
    book.close()
print("done", flush=True)
"""


async def opener(directories: list[Path]) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OPENER, *map(str, directories)),
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )


async def test_several_processes_may_be_the_first_at_once(tmp_path: Path) -> None:
    directories = [tmp_path / str(number) / "a" / "b" for number in range(40)]
    openers = [await opener(directories) for _ in range(4)]
    for _ in directories:
        for one in openers:
            assert one.stdout is not None
            assert await asyncio.wait_for(one.stdout.readline(), 30) == b"ready\n"
        for one in openers:
            assert one.stdin is not None
            one.stdin.write(b"\n")
    for one in openers:
        out, _ = await asyncio.wait_for(one.communicate(), 30)
        assert out == b"done\n"


def test_a_new_name_is_synced_in_each_directory_that_is_made_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(file, "sync_directory", synced.append)
    Book(Journal(tmp_path / "a" / "b" / "c")).close()
    assert synced[:3] == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    assert tmp_path / "a" / "b" / "c" in synced


def test_a_directory_needs_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="directory: '' names none"):
        blocking.Client(journal="")
    with pytest.raises(ValueError, match="directory: '' names none"):
        Journal("")
    assert not list(tmp_path.iterdir())
