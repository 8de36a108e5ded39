"""One piece of work on the file, in a transaction that it shares with others without being able to spoil it."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from almoner.errors import AlmonerError
from almoner.journal.file import journal_error

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Outcome = Callable[[], None]
"""Tells who waits what became of a piece of work."""


class Task(Generic[T]):
    """Carries work to the thread that writes, and its outcome back. It is done also if nobody waits any more."""

    def __init__(self, work: Work[T], directory: Path) -> None:
        self._work = work
        self._directory = directory
        self.future: Future[T] = Future()
        self.future.set_running_or_notify_cancel()  # asyncio would cancel it with whoever waits

    def perform(self, connection: sqlite3.Connection) -> Outcome:
        """Do the work; give what tells the outcome, which holds only once the transaction is on disk.

        Raises:
            sqlite3.Error: SQLite gave up the whole transaction, as it does when the disk is full.
        """
        connection.execute("SAVEPOINT task")
        try:
            answer = self._work(connection)
        except Exception as error:
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO task")
            outcome = partial(self.fail, error)
        else:
            outcome = partial(self.future.set_result, answer)
        connection.execute("RELEASE task")
        return outcome

    def fail(self, error: Exception) -> None:
        """Tell that it is not done, in the words of the journal."""
        if not isinstance(error, AlmonerError):
            known = journal_error(self._directory, error)
            known.__cause__ = error
            error = known
        self.future.set_exception(error)
