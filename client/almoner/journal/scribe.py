"""Group commit: the thread that writes, so that many callers share one transaction and one fsync."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from almoner.errors import ClientClosed, JournalError
from almoner.journal.file import journal_error, open_file

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

LINGER_SECONDS = 0.05
"""How long work that nobody waits for may lie, so that it shares the fsync of work that somebody does."""


class _Task(Generic[T]):
    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.future: Future[T] = Future()

    def perform(self, connection: sqlite3.Connection) -> Callable[[], None]:
        """Do the work; give what tells the outcome, which holds only once the transaction is on disk."""
        try:
            answer = self.work(connection)
        except JournalError as error:  # raised before anything was changed
            return lambda error=error: self.future.set_exception(error)  # type: ignore[misc]
        return lambda: self.future.set_result(answer)


class Scribe:
    """Carries out work on the file, whatever has gathered in one transaction.

    Raises:
        JournalError: The journal cannot be opened.
    """

    def __init__(self, directory: Path, *, create: bool = True) -> None:
        self._directory = directory
        self._ready = threading.Condition()
        self._tasks: list[_Task[Any]] = []
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
        task = _Task(work)
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

    def _gathered(self) -> list[_Task[Any]]:
        """Wait for work; none once closed and all is done."""
        with self._ready:
            self._ready.wait_for(lambda: self._tasks or self._closed)
            self._ready.wait_for(lambda: self._urgent or self._closed, LINGER_SECONDS)
            tasks, self._tasks, self._urgent = self._tasks, [], False
        return tasks

    def _perform(self, connection: sqlite3.Connection, tasks: list[_Task[Any]]) -> None:
        tasks = [task for task in tasks if task.future.set_running_or_notify_cancel()]
        try:
            connection.execute("BEGIN IMMEDIATE")
            tell = [task.perform(connection) for task in tasks]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits hears
            with suppress(sqlite3.Error):
                connection.rollback()
            known = journal_error(self._directory, error) if isinstance(error, sqlite3.Error) else error
            tell = [lambda task=task: task.future.set_exception(known) for task in tasks]  # type: ignore[misc]
        for outcome in tell:
            outcome()
