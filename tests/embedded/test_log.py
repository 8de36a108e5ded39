"""The log stays small and tells the end of the run at hand."""

import os
from pathlib import Path

import pytest
from almoner_server.embedded import log
from almoner_server.embedded.log import LogFile


def write(descriptor: int, text: str) -> None:
    os.write(descriptor, text.encode())


def test_a_full_log_is_set_aside_while_the_writer_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 10)
    file = LogFile(tmp_path / "postgres.log")
    writer = file.open_for_writing()
    for text in ("first, and long\n", "second, and long\n", "short\n"):
        write(writer, text)
        file.rotate()
    os.close(writer)
    assert file.path.read_text() == "short\n"
    assert (tmp_path / "postgres.log.1").read_text() == "second, and long\n"


def test_the_tail_has_the_last_lines_of_this_run_only(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "postgres.log")
    file.path.write_text("an earlier run\n")
    writer = file.open_for_writing()
    assert file.tail() == "  (nothing)"
    write(writer, "".join(f"line {number}\n" for number in range(100)))
    os.close(writer)
    assert file.tail().splitlines() == [f"  line {number}" for number in range(85, 100)]
