"""The journal as the clients use it: what they ask of it, each in one transaction of the scribe."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from almoner.errors import ClientClosed, JournalFull, RequestError
from almoner.journal import entries, local, local_holds, times
from almoner.journal.entries import Entry, EntryState
from almoner.journal.file import journal_error, used_bytes
from almoner.journal.local import LocalHold, Shortage
from almoner.journal.options import Journal
from almoner.journal.owners import Owner, is_gone
from almoner.journal.scribe import Scribe
from almoner.journal.turns import Turn
from almoner.v1 import quota_service_pb2 as quota

logger = logging.getLogger("almoner")

_ENTRY_BYTES = 512
"""What an entry takes beside its request, with indexes and half-empty pages; measured, rounded up."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Says how a commit stands in the journal, on disk."""

    number: int
    sending: bool
    """Whether whoever put it in sends it now. Else it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Shows a journal."""

    entries: Sequence[Entry]
    counts: Mapping[EntryState, int]
    used_bytes: int


class Book:
    """Keeps what one client has to tell, and sees what all clients of the directory have.

    Methods answer with a future, whose outcome is known when it is on disk; those that answer nothing are done
    soon, and if they are lost in a crash, what they said is found out again.

    Raises:
        JournalError: The journal cannot be opened.
    """

    def __init__(self, options: Journal, *, create: bool = True) -> None:
        self.directory: Path = options.path
        self._max_bytes = options.max_bytes
        self._scribe = Scribe(self.directory, create=create)
        try:
            self._owner = Owner(self.directory)
        except OSError as error:
            self._scribe.close()
            raise journal_error(self.directory, error) from error
        self._soon(_prune)

    def close(self) -> None:
        """Write what is to be written and let go of everything; others send what this client did not.

        Safe to repeat.
        """
        self._scribe.close()
        self._owner.release()

    def append(self, requests: Sequence[quota.CommitRequest], *, sending: bool) -> "Future[list[Kept]]":
        """Put commits in, all or none. Those on a hold made here become direct charges, in place.

        Its future raises JournalError: they are not in.
        """
        return self._scribe.submit(partial(self._append, requests, sending, time.time()))

    def _append(
        self, requests: Sequence[quota.CommitRequest], sending: bool, now: float, db: sqlite3.Connection
    ) -> list[Kept]:
        self._require_room(db, requests)
        return [self._append_one(db, request, sending, now) for request in requests]

    def _append_one(
        self, db: sqlite3.Connection, request: quota.CommitRequest, sending: bool, now: float
    ) -> Kept:
        hold = local.find(db, request.namespace, request.hold_id) if request.hold_id else None
        is_final = not request.partial
        if hold is not None:
            local_holds.make_direct(request, hold)
            times.put_in(db, request, datetime.fromtimestamp(hold.admit_time, UTC))
        elif times.is_without(request):
            times.recall(db, request)
        same = entries.same_waiting(db, request)
        if same is not None:
            return Kept(same, sending=False)
        sending = sending and not entries.is_behind(db, request)
        if not sending and times.is_without(request):
            times.put_in(db, request, datetime.fromtimestamp(now, UTC))
        number = entries.insert(db, request, self._owner.name if sending else "", now)
        if hold is not None:
            local_holds.commit(db, hold, request.amounts, final=is_final)
        if not request.hold_id:
            local.spend(db, request, number)
        return Kept(number, sending)

    def _require_room(self, db: sqlite3.Connection, requests: Sequence[quota.CommitRequest]) -> None:
        used = used_bytes(db)
        wanted = sum(request.ByteSize() + _ENTRY_BYTES for request in requests)
        if used + wanted > self._max_bytes:
            raise JournalFull(
                f"the journal in {self.directory} is full: {used} bytes are in use,"
                f" {wanted} more go over its limit of {self._max_bytes} bytes"
            )

    def delivered(self, numbers: Iterable[int]) -> None:
        """Take out what the authority has, or what its caller was told is not possible."""
        self._soon(partial(_take_out, list(numbers)))

    def give_back(self, numbers: Iterable[int], error: str) -> None:
        """Let wait what got no answer."""
        self._soon(partial(_give_back, list(numbers), error), urgent=True)

    def bury(self, numbers: Iterable[int], error: str) -> None:
        """Set aside what the authority refused for good."""
        self._soon(partial(_bury, list(numbers), error))

    def waiting(self, after: int, count: int) -> "Future[list[Entry]]":
        """Read the next entries that wait."""
        return self._scribe.submit(
            lambda db: times.put_into_waiting(db, entries.waiting(db, after, count), datetime.now(UTC))
        )

    def without_own_times(self, waiting: Sequence[Entry]) -> "Future[list[Entry]]":
        """Take out of entries when they occurred where the journal said so, and give those."""
        return self._scribe.submit(lambda db: times.take_out(db, waiting))

    def adopt(self, *, dead: bool = False) -> "Future[None]":
        """Let wait what clients were sending that are gone; with `dead`, also what was set aside."""
        return self._scribe.submit(partial(self._adopt, dead))

    def _adopt(self, dead: bool, db: sqlite3.Connection) -> None:
        for name in entries.owners(db):
            if name != self._owner.name and is_gone(self.directory, name):
                entries.disown(db, name)
        if dead:
            entries.revive(db)

    def drop(self, numbers: Iterable[int], *, waiting: bool = False) -> "Future[list[int]]":
        """Take entries out that were set aside, or also that wait, for good; give the numbers of those."""
        return self._scribe.submit(partial(_drop, list(numbers), waiting))

    def contents(self, count: int) -> "Future[Contents]":
        """Show the journal, with so many of its entries."""
        return self._scribe.submit(
            lambda db: Contents(
                entries=entries.listed(db, count),
                counts=entries.count_by_state(db),
                used_bytes=used_bytes(db),
            )
        )

    def take_turn(self) -> Turn | None:
        """Take the turn that whoever replays must have. None: another has it.

        Raises:
            JournalError: The directory cannot be written.
        """
        turn = Turn(self.directory)
        try:
            return turn if turn.acquire() else None
        except OSError as error:
            raise journal_error(self.directory, error) from error

    def take(
        self, request: quota.CheckQuotaRequest, allowance: Mapping[str, int], *, asked: bool
    ) -> "Future[LocalHold | Shortage | RequestError]":
        """Decide by the local allowance; a hold is set aside. `asked`: the authority may have made it too."""
        return self._scribe.submit(partial(self._take, request, allowance, asked, time.time()))

    def _take(
        self,
        request: quota.CheckQuotaRequest,
        allowance: Mapping[str, int],
        asked: bool,
        now: float,
        db: sqlite3.Connection,
    ) -> LocalHold | Shortage | RequestError:
        hold = local_holds.new(request, now)
        if not request.HasField("hold"):
            return local.shortage(db, hold, allowance, now) or hold
        self._require_room(db, ())
        taken = local_holds.take(db, hold, allowance)
        if isinstance(taken, LocalHold) and asked:
            release = quota.ReleaseRequest(namespace=request.namespace, hold_id=request.hold.id)
            entries.insert(db, release, "", now)
        return taken

    def extend_local(
        self, request: quota.ExtendRequest, allowance: Mapping[str, int]
    ) -> "Future[LocalHold | Shortage | RequestError | None]":
        """Change a hold that was made here; None: there is none."""
        now = time.time()
        return self._scribe.submit(lambda db: local_holds.extend(db, request, allowance, now))

    def release_local(self, namespace: str, hold_id: str) -> "Future[LocalHold | None]":
        """Give back what a hold that was made here sets aside; None: there is none."""
        return self._scribe.submit(lambda db: local_holds.release(db, namespace, hold_id))

    def _soon(self, work: Callable[[sqlite3.Connection], None], *, urgent: bool = False) -> None:
        """Have work done that nobody waits for. A closed client's is not: others find out what it left."""
        with suppress(ClientClosed):
            self._scribe.submit(work, urgent=urgent).add_done_callback(self._log_failure)

    def _log_failure(self, work: "Future[None]") -> None:
        error = work.exception()
        if error is not None:
            logger.error("%s; what was written down there may be sent once more", error)


def _prune(db: sqlite3.Connection) -> None:
    now = time.time()
    local.prune(db, now)
    times.prune(db, now)


def _take_out(numbers: list[int], db: sqlite3.Connection) -> None:
    entries.delete(db, numbers)
    local.forget_entries(db, numbers)


def _give_back(numbers: list[int], error: str, db: sqlite3.Connection) -> None:
    entries.give_back(db, numbers, error)


def _bury(numbers: list[int], error: str, db: sqlite3.Connection) -> None:
    entries.bury(db, numbers, error)


def _drop(numbers: list[int], waiting: bool, db: sqlite3.Connection) -> list[int]:
    dropped = entries.drop(db, numbers, waiting=waiting)
    local.forget_entries(db, dropped)
    return dropped
