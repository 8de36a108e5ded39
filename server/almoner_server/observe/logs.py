"""Logs: one line an event on standard error, for people or as JSON for programs."""

import json
import logging
import sys
from datetime import UTC, datetime


def configure_logs(log_format: str, level: str, worker: int | None = None) -> None:
    """Send all logs of this process, from `level` (DEBUG to ERROR) on, to standard error.

    Each line names the `worker` that this process is, if it is one of several.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(worker) if log_format == "json" else PlainFormatter(worker))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The pool tells of an outage by a stack trace for every attempt; the engine does in a line.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


class PlainFormatter(logging.Formatter):
    """Writes `2026-03-11T10:00:00.123Z WARNING almoner_server.engine.health: message`.

    A worker writes `worker 2` before the level. The trace of a bug follows on lines of its own.
    """

    def __init__(self, worker: int | None = None) -> None:
        super().__init__()
        self._who = "" if worker is None else f"worker {worker} "

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line = (
            f"{_moment(record)} {self._who}{record.levelname} {record.name}: {_one_line(record.getMessage())}"
        )
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """Writes one JSON object: time, level, logger, message, the worker if there are, and for a bug its trace."""

    def __init__(self, worker: int | None = None) -> None:
        super().__init__()
        self._who = {} if worker is None else {"worker": worker}

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        event = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._who,
        }
        if record.exc_info:
            event["trace"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
