"""Reading traces."""

from pathlib import Path

import pytest
from almoner.cli.replay.trace import TraceError, read_trace

HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
FIRST = "2023-11-16 18:17:03.9799600,4808,10\r\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trace.csv"
    path.write_bytes(text.encode())
    return path


def test_arrivals_are_seconds_after_the_first_call(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + FIRST + "2023-11-16 18:18:04.2299600,3,0")
    calls = list(read_trace(path))
    assert [(call.number, call.line, call.context, call.generated) for call in calls] == [
        (0, 2, 4808, 10),
        (1, 3, 3, 0),
    ]
    assert [call.arrival for call in calls] == [0.0, pytest.approx(60.25)]


def test_columns_are_found_by_name_and_blank_lines_are_none(tmp_path: Path) -> None:
    path = written(
        tmp_path, "\ufeffmodel,GeneratedTokens,TIMESTAMP,ContextTokens\n\nm,1,2026-03-11T10:00Z,2\n\n"
    )
    (call,) = read_trace(path)
    assert (call.context, call.generated, call.line) == (2, 1, 3)


def test_only_as_many_rows_as_asked_for_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + FIRST + FIRST + "rubbish")
    assert len(list(read_trace(path, 2))) == 2


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "there is no column TIMESTAMP, ContextTokens, GeneratedTokens"),
        ("TIMESTAMP,GeneratedTokens\n", 1, "there is no column ContextTokens"),
        (HEADER, 1, "the trace has no calls"),
        (HEADER + FIRST + "2023-11-16 18:18:00,1\n", 3, "2 values are too few"),
        (HEADER + FIRST + "yesterday,1,1\n", 3, "TIMESTAMP 'yesterday' is not a time"),
        (HEADER + FIRST + "2023-11-16 18:18:00,-1,1\n", 3, "ContextTokens '-1' is not a whole number"),
        (HEADER + FIRST + "2023-11-16 18:18:00,1,1.5\n", 3, "GeneratedTokens '1.5' is not a whole number"),
        (HEADER + FIRST + "2023-11-16 18:17:00,1,1\n", 3, "is before that of the call above"),
        (HEADER + FIRST + '"2023-11-16 18:17:00,1,1\n', 3, "unexpected end of data"),
        (HEADER + FIRST + "2023-11-16 18:17:04+25:00,1,1\n", 3, "TIMESTAMP"),
    ],
)
def test_a_malformed_trace_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TraceError, match=f"trace.csv: line {line}: ") as refused:
        list(read_trace(path))
    assert words in str(refused.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(HEADER.encode() + b"\xff\xfe")
    with pytest.raises(TraceError, match="utf-8"):
        list(read_trace(path))
