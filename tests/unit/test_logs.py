"""Logs are one line an event."""

import json
import logging
import sys

from almoner_server.observe.logs import JsonFormatter, PlainFormatter


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    trouble = None
    if failed:
        try:
            raise ValueError(message)
        except ValueError:
            trouble = sys.exc_info()
    made = logging.LogRecord("almoner.x", logging.WARNING, __file__, 1, "saw %s", (message,), trouble)
    made.created = 1_773_223_200.5
    return made


def test_a_plain_line_has_moment_level_and_logger() -> None:
    line = PlainFormatter().format(record("a\nb"))
    assert line == "2026-03-11T10:00:00.500Z WARNING almoner.x: saw a\\nb"


def test_a_json_line_can_be_read_again_and_holds_the_trace() -> None:
    text = JsonFormatter().format(record("a\nb", failed=True))
    assert "\n" not in text
    event = json.loads(text)
    assert event["message"] == "saw a\nb"
    assert event["time"] == "2026-03-11T10:00:00.500Z"
    assert event["trace"].endswith("ValueError: a\nb")
