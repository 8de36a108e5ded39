# Generated from almoner/_async/journalled.py by tools/generate_blocking.py. Do not edit.
"""The calls of a client that has a journal: a commit is on disk before it is sent."""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import Future

from almoner._sync.calls import QuotaCalls
from almoner._sync.replaying import Replayer
from almoner._sync.transport import Transport
from almoner.errors import CallError, DeadlineExceeded, JournalError, RequestError, ServiceError
from almoner.journal.answers import pending
from almoner.journal.book import Book, Kept
from almoner.journal.options import Journal
from almoner.journal.reach import Reach
from almoner.runtime.blocking import outcome
from almoner.types.batch import Commit
from almoner.types.journal import Replayed
from almoner.types.ledger import Committed
from almoner.v1 import quota_service_pb2 as quota
from almoner.wire import methods, requests, responses
from almoner.wire.batches import sendable_size, split

logger = logging.getLogger("almoner")


class JournalledCalls(QuotaCalls):
    """Makes the calls of one namespace; commits go through the journal, see docs/client.md, "The journal".

    Raises:
        JournalError: The journal cannot be opened.
    """

    def __init__(self, transport: Transport, namespace: str, options: Journal) -> None:
        super().__init__(transport, namespace)
        self._book = Book(options)
        self._reach = Reach(transport.timeout)
        self._replayer = Replayer(transport, self._book, self._reach)

    def start(self) -> None:
        """Begin to deliver, beside the caller, what the journal has. Again is fine."""
        self._replayer.start()

    def replay(self, *, dead: bool) -> Replayed:
        """Deliver what the journal has, now."""
        return self._replayer.replay(dead=dead)

    def close(self) -> None:
        """Stop delivering and close the journal. Safe to repeat."""
        self._replayer.stop()
        self._book.close()

    def commit(self, commit: Commit, *, timeout: float | None = None) -> Committed:
        """Book what was spent, or keep it to be booked: the answer is then `pending`."""
        request = requests.commit_request(self._namespace, commit)
        sendable_size(request)  # found out after it is written down, it would be nobody's to tell
        deadline = self._transport.deadline(timeout)
        self.start()
        try:
            (kept,) = self._keep([request], deadline)
        except JournalError as error:
            return self._commit_unkept(request, deadline, error)
        if not kept.sending:
            return pending(request)
        try:
            answer = self._transport.call(methods.COMMIT, request, timeout=self._left(deadline))
        except BaseException as error:  # noqa: BLE001 - a commit must not be forgotten, whatever it met
            return self._not_booked([kept], [request], error, timeout)[0]
        self._reach.found()
        self._book.delivered([kept.number])
        return responses.committed(answer)

    def commit_many(self, commits: Iterable[Commit], *, timeout: float | None) -> list[Committed | CallError]:
        """Book many things; those that cannot be booked now are kept, and `pending`."""
        batch = [requests.commit_request(self._namespace, commit) for commit in commits]
        if not batch:
            return []
        split(batch)  # one that no server takes is found out before any is written down
        deadline = self._transport.deadline(timeout)
        self.start()
        try:
            kept = self._keep(batch, deadline)
        except JournalError as error:
            return self._commit_many_unkept(batch, deadline, error)
        if not all(one.sending for one in kept):
            self._give_back(kept, "")  # together with one that must wait
            return [pending(request) for request in batch]
        settled: list[Committed | CallError] = []
        try:
            for result in self._send_many(methods.BATCH_COMMIT, batch, self._left(deadline)):
                number = len(settled)
                settled.append(self._settled(responses.commit_result(result), kept[number], batch[number]))
        except BaseException as error:  # noqa: BLE001 - a commit must not be forgotten, whatever it met
            done = len(settled)
            return [*settled, *self._not_booked(kept[done:], batch[done:], error, timeout)]
        self._reach.found()
        return settled

    def _keep(self, batch: list[quota.CommitRequest], deadline: float) -> list[Kept]:
        """Write commits down, all or none, also if the caller goes meanwhile: they wait then.

        Raises:
            JournalError: They are not written down.
            DeadlineExceeded: They are not yet, and may be.
        """
        kept = self._book.append(batch, sending=self._reach.worth_trying())
        try:
            return outcome(kept, deadline - time.monotonic())
        except JournalError:
            raise
        except TimeoutError:
            kept.add_done_callback(self._let_wait)
            raise _not_in_time(self._book) from None
        except BaseException:
            kept.add_done_callback(self._let_wait)
            raise

    def _left(self, deadline: float) -> float | None:
        """Tell how many seconds a call may take, which are few if it only tries whether the authority is back."""
        return self._reach.timeout(deadline - time.monotonic())

    def _let_wait(self, kept: "Future[list[Kept]]") -> None:
        error = kept.exception()
        if error is None:
            self._give_back(kept.result(), "")
        else:
            logger.error("%s; a commit whose caller has gone is lost", error)

    def _not_booked(
        self,
        kept: list[Kept],
        batch: list[quota.CommitRequest],
        error: BaseException,
        timeout: float | None,
    ) -> list[Committed]:
        """Decide what becomes of commits whose call failed.

        Raises:
            RequestError: The authority will not have them: their caller is told, and nothing is kept.
            BaseException: What broke the call off; they are kept.
        """
        if isinstance(error, CallError):
            self._reach.failed(error, timeout)
        if isinstance(error, RequestError):
            self._book.delivered([one.number for one in kept])
            raise error
        self._give_back(kept, str(error) or type(error).__name__)
        if not isinstance(error, ServiceError):
            raise error
        logger.warning("the journal %s keeps what could not be told: %s", self._book.directory, error)
        return [pending(request) for request in batch]

    def _settled(
        self, result: Committed | CallError, kept: Kept, request: quota.CommitRequest
    ) -> Committed | CallError:
        """Decide what becomes of one of a batch, as if it had been alone."""
        if isinstance(result, ServiceError):
            self._give_back([kept], str(result))
            return pending(request)
        self._book.delivered([kept.number])
        return result

    def _give_back(self, kept: list[Kept], error: str) -> None:
        self._book.give_back([one.number for one in kept if one.sending], error)

    def _commit_unkept(
        self, request: quota.CommitRequest, deadline: float, problem: JournalError
    ) -> Committed:
        """Book without the journal, which cannot take it: better told without that safety than not told."""
        logger.error("%s; a commit is sent without it", problem)
        try:
            answer = self._transport.call(methods.COMMIT, request, timeout=self._left(deadline))
        except ServiceError as error:
            raise _neither(problem, error) from error
        return responses.committed(answer)

    def _commit_many_unkept(
        self, batch: list[quota.CommitRequest], deadline: float, problem: JournalError
    ) -> list[Committed | CallError]:
        logger.error("%s; %d commits are sent without it", problem, len(batch))
        results = self._send_many(methods.BATCH_COMMIT, batch, self._left(deadline))
        try:
            return [responses.commit_result(result) for result in results]
        except ServiceError as error:
            raise _neither(problem, error) from error


def _not_in_time(book: Book) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"the journal in {book.directory} could not be written in time; whether the commit will be kept and delivered"
        " is not known: call again under the same id"
    )


def _neither(problem: JournalError, error: ServiceError) -> JournalError:
    return type(problem)(f"{problem}; and the authority did not book it either: {error}")
