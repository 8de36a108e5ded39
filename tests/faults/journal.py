"""What callers write down: what they are about to ask, and what they were told.

A line is one system call, so it survives a kill -9 of its writer and never mixes with another's. Times are of
the monotonic clock, which all processes of a machine share.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Event(StrEnum):
    """Names what happened to a call."""

    SENT = "sent"
    ALLOWED = "allowed"
    """It was answered, and carried out."""
    REFUSED = "refused"
    """It was answered with a no."""
    FAILED = "failed"
    """An attempt, with all that the client repeats by itself, met an error that leaves open what happened."""
    WRONG = "wrong"
    """It met an error that no fault may cause, and was not carried out."""


ANSWERED = (Event.ALLOWED, Event.REFUSED)


class Kind(StrEnum):
    """Names what was asked. A charge is a commit, partial or final, or a direct charge."""

    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"
    TOP_UP = "top_up"


@dataclass(frozen=True)
class Entry:
    """Is one line. `intent` names what the caller means to have done once, however often it has to ask."""

    at: float
    event: Event
    kind: Kind
    intent: str
    details: dict[str, Any] = field(default_factory=dict)


class Pen:
    """Writes the journal of one process."""

    def __init__(self, folder: Path) -> None:
        name = folder / f"{os.getpid()}.jsonl"
        self._file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, event: Event, kind: Kind, intent: str, **details: object) -> None:
        """Add a line."""
        line = json.dumps([time.monotonic(), event, kind, intent, details])
        os.write(self._file, f"{line}\n".encode())


class Journal:
    """Reads what all processes of a load have written so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self.entries: list[Entry] = []

    def look(self) -> list[Entry]:
        """Read what was added since the last look, whole lines only, and return that."""
        new = [entry for path in self._folder.glob("*.jsonl") for entry in self._added(path)]
        self.entries += new
        return new

    def of(self, kind: Kind, *events: Event) -> list[Entry]:
        """Return what was read of one kind, in the order of each process."""
        return [entry for entry in self.entries if entry.kind is kind and entry.event in events]

    @property
    def answers(self) -> list[float]:
        """Return when calls were answered, in order."""
        return sorted(entry.at for entry in self.entries if entry.event in ANSWERED)

    def _added(self, path: Path) -> Iterator[Entry]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read[path] = self._read.get(path, 0) + len(whole)
        for line in whole.splitlines():
            at, event, kind, intent, details = json.loads(line)
            yield Entry(at, Event(event), Kind(kind), intent, details)
