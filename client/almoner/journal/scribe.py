"""Group commit: the thread that writes, so that many callers share one transaction and one fsync."""

import atexit
import os
import sqlite3
import threading
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from almoner.errors import ClientClosed
from almoner.journal import forks
from almoner.journal.file import open_file
from almoner.journal.forks import Forked, not_now
from almoner.journal.tasks import Outcome, Task, Work

T = TypeVar("T")

LINGER_SECONDS = 0.05
"""How long work that nobody waits for may lie, so that it shares the fsync of work that somebody does."""


class Scribe(Forked):
    """Carries out work on the file, whatever has gathered in one transaction.

    Raises:
        JournalError: The journal cannot be opened.
    """

    def __init__(self, directory: Path, *, create: bool = True) -> None:
        self._directory = directory
        self._process = os.getpid()
        self._ready = threading.Condition()
        self._tasks: list[Task[Any]] = []
        self._urgent = False
        self._closed = False
        self._at_work = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        with not_now:
            forks.watch(self)
        with self._at_work:
            self._connection = open_file(directory, create=create)
        self._thread = threading.Thread(target=self._run, name="almoner-journal", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # the thread is a daemon, which would not be waited for

    def submit(self, work: Work[T], *, urgent: bool = True) -> "Future[T]":
        """Have work done in the next transaction; its future has the outcome once that is on disk.

        Raises:
            ClientClosed: The journal has been closed, or is that of the process this one was forked from.
        """
        if self._process != os.getpid():
            raise ClientClosed("the client was made in another process; one that is forked makes its own")
        task = Task(work, self._directory)
        with self._ready:
            if self._closed:
                raise ClientClosed("the client has been closed")
            self._tasks.append(task)
            self._urgent = self._urgent or urgent
            self._ready.notify()
        return task.future

    def close(self) -> None:
        """Finish what was submitted, and close the file. Safe to repeat."""
        if self._process != os.getpid():
            return
        atexit.unregister(self.close)
        with self._ready:
            self._closed = True
            self._ready.notify()
        self._thread.join()

    def before_fork(self) -> None:
        """Close the file at the end of the transaction under way: SQLite must not be carried over."""
        self._at_work.acquire()
        self._close_file()

    def after_fork(self) -> None:
        """Go on; the next transaction opens the file again."""
        self._at_work.release()

    def _run(self) -> None:
        while tasks := self._gathered():
            for tell in self._perform(tasks):
                tell()
        with self._at_work:
            self._close_file()

    def _gathered(self) -> list[Task[Any]]:
        """Wait for work; none once closed and all is done."""
        with self._ready:
            self._ready.wait_for(lambda: self._tasks or self._closed)
            self._ready.wait_for(lambda: self._urgent or self._closed, LINGER_SECONDS)
            tasks, self._tasks, self._urgent = self._tasks, [], False
        return tasks

    def _perform(self, tasks: list[Task[Any]]) -> list[Outcome]:
        """Do what has gathered; give what tells the outcomes."""
        with self._at_work:
            try:
                return self._write(tasks)
            except Exception as error:  # noqa: BLE001 - whoever waits hears
                with suppress(sqlite3.Error):
                    if self._connection is not None:
                        self._connection.rollback()
                return [partial(task.fail, error) for task in tasks]

    def _write(self, tasks: list[Task[Any]]) -> list[Outcome]:
        if self._connection is None:
            self._connection = open_file(self._directory, create=False)
        self._connection.execute("BEGIN IMMEDIATE")
        tell = [task.perform(self._connection) for task in tasks]
        self._connection.execute("COMMIT")
        return tell

    def _close_file(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()
        self._connection = None
