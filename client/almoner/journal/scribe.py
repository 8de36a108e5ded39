"""Group commit: the thread that writes, so that many callers share one transaction and one fsync."""

import sqlite3
import threading
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from almoner.errors import ClientClosed
from almoner.journal.file import open_file
from almoner.journal.tasks import Task, Work

T = TypeVar("T")

LINGER_SECONDS = 0.05
"""How long work that nobody waits for may lie, so that it shares the fsync of work that somebody does."""


class Scribe:
    """Carries out work on the file, whatever has gathered in one transaction.

    Raises:
        JournalError: The journal cannot be opened.
    """

    def __init__(self, directory: Path, *, create: bool = True) -> None:
        self._directory = directory
        self._ready = threading.Condition()
        self._tasks: list[Task[Any]] = []
        self._urgent = False
        self._closed = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(opened, create), name="almoner-journal", daemon=True
        )
        self._thread.start()
        opened.result()

    def submit(self, work: Work[T], *, urgent: bool = True) -> "Future[T]":
        """Have work done in the next transaction; its future has the outcome once that is on disk.

        Raises:
            ClientClosed: The journal has been closed.
        """
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
        with self._ready:
            self._closed = True
            self._ready.notify()
        self._thread.join()

    def _run(self, opened: "Future[None]", create: bool) -> None:
        try:
            connection = open_file(self._directory, create=create)
        except Exception as error:  # noqa: BLE001 - whoever opens it hears
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            while tasks := self._gathered():
                self._perform(connection, tasks)
        finally:
            connection.close()

    def _gathered(self) -> list[Task[Any]]:
        """Wait for work; none once closed and all is done."""
        with self._ready:
            self._ready.wait_for(lambda: self._tasks or self._closed)
            self._ready.wait_for(lambda: self._urgent or self._closed, LINGER_SECONDS)
            tasks, self._tasks, self._urgent = self._tasks, [], False
        return tasks

    def _perform(self, connection: sqlite3.Connection, tasks: list[Task[Any]]) -> None:
        tasks = [task for task in tasks if task.future.set_running_or_notify_cancel()]
        try:
            connection.execute("BEGIN IMMEDIATE")
            tell = [task.perform(connection) for task in tasks]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits hears
            with suppress(sqlite3.Error):
                connection.rollback()
            tell = [partial(task.fail, error) for task in tasks]
        for outcome in tell:
            outcome()
