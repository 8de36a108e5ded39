"""Delivering a journal, in order, once the authority is back."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from itertools import groupby

from almoner._async.transport import Transport
from almoner.errors import (
    AlmonerError,
    CallError,
    ClientClosed,
    InternalError,
    Overloaded,
    RequestError,
)
from almoner.journal import times
from almoner.journal.book import Book
from almoner.journal.entries import DAMAGED, Entry, EntryKind
from almoner.journal.reach import Reach
from almoner.journal.turns import Patience
from almoner.runtime.asynchronous import Background, outcome, sleep
from almoner.types.journal import Replayed
from almoner.types.ledger import Committed
from almoner.v1 import quota_service_pb2 as quota
from almoner.wire import methods, responses

logger = logging.getLogger("almoner")

BATCH = 200
LARGE_BYTES = 64 << 10
"""No commit that the authority takes is as large as this: with all its ids, labels and units it has about 40 KiB."""
IDLE_SECONDS = 1.0
"""How often to look for what clients left that are gone."""
FIRST_PAUSE = 0.1
LAST_PAUSE = 2.0
"""Pauses between attempts while the authority is away; they grow from the first to the last."""
TURN_PAUSE = 0.05
"""How often to look whether another has ended its turn."""


class Replayer:
    """Sends what waits in a journal, under the ids it was first told with. One at a time replays a journal."""

    def __init__(self, transport: Transport, book: Book, reach: Reach) -> None:
        self._transport = transport
        self._book = book
        self._reach = reach
        self._background = Background()
        self._started = False

    def start(self) -> None:
        """Begin to deliver beside the caller. Again is fine."""
        if not self._started:
            self._started = True
            Context().run(self._background.start, self._run)  # no call of the caller's is its parent

    def stop(self) -> None:
        """Leave the rest to others. Safe to repeat."""
        self._background.stop()

    async def _run(self) -> None:
        pause, told = FIRST_PAUSE, False
        while True:
            try:
                await self._pass(repeat=False)
                pause, told = IDLE_SECONDS, False
            except ClientClosed:
                return
            except Exception as error:  # noqa: BLE001 - what went wrong once may go right the next time
                told = self._tell(error, told=told)
                pause = FIRST_PAUSE if pause == IDLE_SECONDS else min(2 * pause, LAST_PAUSE)
            if await self._background.stopped(pause):
                return

    def _tell(self, error: Exception, *, told: bool) -> bool:
        """Log what stops the delivery, once if it is no outage of the authority; tell whether it was told so."""
        loud = not (told or isinstance(error, CallError))
        level = logging.ERROR if loud else logging.DEBUG
        trace = None if isinstance(error, AlmonerError) else error
        logger.log(level, "the journal %s waits: %s", self._book.directory, error, exc_info=trace)
        return told or loud

    async def replay(self, *, dead: bool) -> Replayed:
        """Deliver everything that waits, after whoever else is at it.

        Args:
            dead: Also what was refused for good before.

        Raises:
            CallError: The authority could not be reached; what it has not taken stays.
            JournalBusy: Whoever else is at it has not got on for as long as a call may take.
            JournalError: The journal cannot be used.
        """
        patience = Patience(self._book.directory, self._transport.timeout)
        while (report := await self._pass(dead=dead, repeat=True)) is None:
            patience.require()
            await sleep(TURN_PAUSE)
        return report

    async def _pass(self, *, repeat: bool, dead: bool = False) -> Replayed | None:
        """Go once through all that waits; None if somebody else is at it."""
        turn = self._book.take_turn()
        if turn is None:
            return None
        try:
            await outcome(self._book.adopt(dead=dead))
            report, after = Replayed(), 0
            while entries := await outcome(self._book.waiting(after, BATCH)):
                after = entries[-1].number
                report += await self._deliver(entries, repeat)
                turn.get_on()
            return report
        finally:
            turn.release()

    async def _deliver(self, entries: Sequence[Entry], repeat: bool) -> Replayed:
        report = Replayed()
        for kind, run in groupby(entries, lambda entry: entry.kind if entry.request else None):
            send = {EntryKind.COMMIT: self._commit, EntryKind.RELEASE: self._release, None: self._bury}[kind]
            report += await send(list(run), repeat)
        return report

    async def _bury(self, entries: list[Entry], _: bool) -> Replayed:
        self._book.bury([entry.number for entry in entries], DAMAGED)
        logger.error("%d entries of the journal %s are damaged", len(entries), self._book.directory)
        return Replayed(dead=len(entries))

    async def _release(self, entries: list[Entry], repeat: bool) -> Replayed:
        """Release holds that the authority may have; that it has not is just as well."""
        for entry in entries:
            assert isinstance(entry.request, quota.ReleaseRequest)
            with suppress(RequestError):
                await self._transport.call(methods.RELEASE, entry.request, repeat=repeat)
            self._reach.found()
            self._book.delivered([entry.number])
        return Replayed(delivered=len(entries))

    async def _commit(self, entries: list[Entry], repeat: bool) -> Replayed:
        """Send commits in one call. One that the authority cannot read, or has a bug about, fails alone, by halves.

        Raises:
            CallError: Nobody else will fare better just now.
        """
        commits = [entry.request for entry in entries if isinstance(entry.request, quota.CommitRequest)]
        request = quota.BatchCommitRequest(requests=commits)
        try:
            answer = await self._transport.call(methods.BATCH_COMMIT, request, repeat=repeat)
        except CallError as error:
            if not (isinstance(error, RequestError | InternalError) or _too_large(error, request)):
                self._book.give_back([entry.number for entry in entries], str(error))
                raise
            if len(entries) == 1:
                return self._settle_alone(entries[0], error)
            half = len(entries) // 2
            return await self._commit(entries[:half], repeat) + await self._commit(entries[half:], repeat)
        results = [responses.commit_result(result) for result in answer.results]
        again = await self._without_own_times(entries, results)
        again_numbers = {entry.number for entry in again}
        report = Replayed()
        for entry, result in zip(entries, results, strict=True):
            if entry.number not in again_numbers:
                report += self._settle(entry, result)
        return report + await self._commit(again, repeat) if again else report

    async def _without_own_times(
        self, entries: list[Entry], results: list[Committed | CallError]
    ) -> list[Entry]:
        """Give those again that may have been refused for a time that the journal put in, without it."""
        refused = [
            entry
            for entry, result in zip(entries, results, strict=True)
            if isinstance(result, RequestError) and result.reason in times.MAY_BE_OURS
        ]
        return await outcome(self._book.without_own_times(refused)) if refused else []

    def _settle(self, entry: Entry, result: Committed | CallError) -> Replayed:
        """Write down what became of one.

        Raises:
            CallError: Nobody else will fare better just now.
        """
        if isinstance(result, Committed):
            self._reach.found()
            self._book.delivered([entry.number])
            return Replayed(delivered=1)
        if isinstance(result, RequestError | InternalError):
            return self._settle_alone(entry, result)
        self._book.give_back([entry.number], str(result))
        raise result

    def _settle_alone(self, entry: Entry, error: CallError) -> Replayed:
        """Set one aside that will never be taken as it is. A wrong clock may be put right, and so may a bug."""
        if isinstance(error, InternalError) or error.reason == "TIME_OUT_OF_RANGE":
            self._book.give_back([entry.number], str(error))
            return Replayed(left=1)
        logger.error("the journal %s has a dead entry: %s", self._book.directory, error)
        self._book.bury([entry.number], str(error))
        return Replayed(dead=1)


def _too_large(error: CallError, request: quota.BatchCommitRequest) -> bool:
    """Tell whether gRPC or a proxy may have found a message too large. Overload looks the same but for its size."""
    return isinstance(error, Overloaded) and not error.reason and request.ByteSize() > LARGE_BYTES
