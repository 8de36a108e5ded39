"""Carry out a batch of requests in one transaction: the hot path.

The order of its steps is what makes it right. The pool locks come before any row lock, since a pool is filled
from the ledger by whoever holds them alone. All accounts are locked at once and in one order. Everything else
is read after that, so that it is at least as new as the accounts. Then the core decides, the sums are
written, and only after the commit does anybody hear an answer.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from almoner_server.core.book import Book
from almoner_server.core.errors import RequestFailed, invalid
from almoner_server.core.execute import execute
from almoner_server.core.records import AccountKey
from almoner_server.core.requests import Adjust, Check, Commit, Extend, Request, Result
from almoner_server.store.batch_book import BatchReader, Reading, new_facts
from almoner_server.store.connect import Database
from almoner_server.store.errors import Conflict, StoreFailed, StoreUnavailable
from almoner_server.store.lookups import Facts
from almoner_server.store.namespace_lock import no_namespace
from almoner_server.store.reading import Stale
from almoner_server.store.seams import lock_pools_shared
from almoner_server.store.write import notify_freed, write_book

MAX_TRIES = 12
"""Tries of one batch before its requests are tried alone."""

Answer = Result | RequestFailed | StoreFailed


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """Answers a batch: a result for each request, in order, and the accounts on which room was made."""

    results: list[Answer]
    freed: frozenset[AccountKey] = field(default_factory=frozenset)


class Batches:
    """Runs batches. Any number may run at once."""

    def __init__(self, database: Database, facts: Facts, replica: UUID) -> None:
        self._database = database
        self._facts = facts
        self._reader = BatchReader(facts, replica)

    async def run(self, requests: Sequence[Request]) -> BatchOutcome:
        """Carry requests out in order, in one transaction; one that cannot be carried out fails alone.

        Raises:
            StoreUnavailable: it is not known whether the batch was committed. It may be sent again as it is.
        """
        try:
            return await self._retried(requests)
        except Exception as error:
            if isinstance(error, StoreUnavailable) and not isinstance(error, Conflict):
                raise
            if len(requests) == 1:
                return BatchOutcome([_failed(error)])
        outcomes = [await self.run([request]) for request in requests]
        results = [result for outcome in outcomes for result in outcome.results]
        return BatchOutcome(results, frozenset().union(*(outcome.freed for outcome in outcomes)))

    async def _retried(self, requests: Sequence[Request]) -> BatchOutcome:
        """Run a batch again while others come first or guesses turn out wrong."""
        for number in range(MAX_TRIES):
            try:
                return await self._attempt(requests)
            except Stale:
                continue
            except Conflict:
                await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(number, 6)))  # noqa: S311 - spreads, no secret
        return await self._attempt(requests)

    async def _attempt(self, requests: Sequence[Request]) -> BatchOutcome:
        if all(isinstance(request, Check) and request.hold is None for request in requests):
            async with self._database.snapshot() as connection:
                return _decide(requests, await self._reader.read(connection, requests, lock=False))
        locks = lock_pools_shared(request.namespace for request in requests)
        async with self._database.transaction(locks) as connection:
            reading = await self._reader.read(connection, requests, lock=True)
            outcome = _decide(requests, reading)
            if not await write_book(connection, reading.book):
                await connection.execute("ROLLBACK")  # unlike a commit it need not reach the disk
            elif reading.others_wait and reading.book.freed:
                await notify_freed(connection, reading.book)
        self._facts.learn(new_facts(reading.book))
        return outcome


def _decide(requests: Sequence[Request], reading: Reading) -> BatchOutcome:
    results = [_execute(reading.book, request) for request in requests]
    return BatchOutcome(results, frozenset(reading.book.freed))


def _execute(book: Book, request: Request) -> Answer:
    try:
        _require_declared(book, request)
        return execute(book, request)
    except RequestFailed as error:
        return error


def _require_declared(book: Book, request: Request) -> None:
    """Raise RequestFailed if the namespace does not exist or does not count one of the units."""
    name = request.namespace
    rules = book.namespaces.get(name)
    if rules is None:
        raise no_namespace(name)
    if isinstance(request, Check | Commit | Extend | Adjust):
        for unit in request.amounts:
            if unit not in rules.units:
                units = ", ".join(sorted(rules.units))
                message = f"the namespace {name} does not count this unit, only: {units}"
                raise invalid("UNKNOWN_UNIT", f"amounts[{unit}]", message, value=unit, limit=units)


def _failed(error: Exception) -> StoreFailed:
    failure = StoreFailed(f"the request could not be carried out: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure
