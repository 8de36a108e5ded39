"""Carry out a batch of requests in one transaction: the hot path.

Two statements: one reads, without a lock, whatever the batch may touch; then the core decides; one writes, and writes
nothing if anything the decision rests on has changed in between. Then the batch begins again. Where other
processes keep coming first, rows are locked before they are read: that costs three more round trips and never
begins again. Only after the commit does anybody hear an answer. See docs/decisions/0008-read-decide-write.md.
"""

import asyncio
import random
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from almoner_server.core.book import Book
from almoner_server.core.errors import RequestFailed, invalid
from almoner_server.core.execute import execute
from almoner_server.core.footprint import Footprint, footprint
from almoner_server.core.records import AccountKey, NamespaceRules
from almoner_server.core.requests import Adjust, Check, Commit, Extend, Request, Result
from almoner_server.store.batch_book import BatchReader, Reading, Stale
from almoner_server.store.connect import Connection, Database
from almoner_server.store.errors import CONFLICTS, Conflict, StoreFailed, StoreUnavailable
from almoner_server.store.facts import Facts, read_rules
from almoner_server.store.memory import Memory
from almoner_server.store.namespace_lock import no_namespace
from almoner_server.store.queries import query
from almoner_server.store.reading import lock_accounts
from almoner_server.store.seams import CHANNEL, freed_payloads
from almoner_server.store.turns import Turns
from almoner_server.store.write import write_batch

MAX_TRIES = 12
"""Tries of one batch before its requests are tried alone."""
LOCKED_BATCHES = 50
"""Batches that lock their rows before they read them, after another process came first."""


class Remembered(Exception):
    """Says that what was remembered is not so any more."""


Answer = Result | RequestFailed | StoreUnavailable | StoreFailed


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
        self._replica = replica
        self._reader = BatchReader(facts, replica)
        self._memory = Memory()
        self._connections_made = 0
        self._turns = Turns()
        self._locked_batches = 0

    async def run(self, requests: Sequence[Request]) -> BatchOutcome:
        """Carry requests out in order, in one transaction; one that cannot be carried out fails alone.

        Raises:
            StoreUnavailable: it is not known whether the batch was committed. It may be sent again as it is.
        """
        try:
            return await self._retried(requests)
        except Exception as error:
            if isinstance(error, StoreUnavailable):
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
                if number:  # once is learning, twice is somebody who keeps changing it
                    self._locked_batches = LOCKED_BATCHES
            except Remembered:
                self._memory.was_wrong()
            except Conflict:
                self._locked_batches = LOCKED_BATCHES
                if number:
                    await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(number, 6)))  # noqa: S311 - spreads, no secret
        return await self._attempt(requests)

    async def _attempt(self, requests: Sequence[Request]) -> BatchOutcome:
        wanted = await self._plan(requests)
        if not _may_write(requests):
            async with self._database.statements() as connection:
                return _decide(requests, await self._reader.read(connection, wanted, requests))
        async with self._turns.of(wanted.accounts):
            carry_out = self._locked if self._locked_batches else self._unlocked
            reading, outcome = await carry_out(wanted, requests)
            self._memory.remember(reading.found, reading.wanted)
        self._facts.learn_written(reading.book)
        if reading.found.others_wait and outcome.freed:
            await self._notify(outcome.freed)
        return outcome

    async def _unlocked(self, wanted: Footprint, requests: Sequence[Request]) -> tuple[Reading, BatchOutcome]:
        async with self._database.statements() as connection:
            if self._connections_made != self._database.connections_made:
                self._connections_made = self._database.connections_made
                self._memory.forget()
            found = self._memory.recall(wanted) if self._database.keeps_sessions else None
            if found is None:
                return await self._carry_out(connection, wanted, requests)
            return await self._from_memory(connection, Reading(found.book, found, wanted), requests)

    async def _from_memory(
        self, connection: Connection, reading: Reading, requests: Sequence[Request]
    ) -> tuple[Reading, BatchOutcome]:
        """Carry out without reading anything. Raises Remembered if memory was wrong; then nothing is written."""
        outcome = _decide(requests, reading)
        try:
            await self._reader.require_new(connection, requests, outcome.results)
            await self._write(connection, reading)
        except (Stale, *CONFLICTS) as error:
            raise Remembered from error
        self._memory.was_right()
        return reading, outcome

    async def _write(self, connection: Connection, reading: Reading) -> None:
        now, reading.found.others_wait = await write_batch(connection, reading, self._replica)
        if not reading.found.clock_is_set:
            self._memory.set_clock(now)

    async def _locked(self, wanted: Footprint, requests: Sequence[Request]) -> tuple[Reading, BatchOutcome]:
        """Carry out while nobody else can change anything."""
        self._locked_batches -= 1
        async with self._database.transaction() as connection:
            await connection.execute(query("lock_namespaces"), list(wanted.namespaces))
            await self._refresh_rules(connection, wanted.namespaces)
            try:
                return await self._rows_locked(connection, requests)
            except Stale:  # what was guessed is learnt, and nobody can change it any more
                return await self._rows_locked(connection, requests)

    async def _rows_locked(
        self, connection: Connection, requests: Sequence[Request]
    ) -> tuple[Reading, BatchOutcome]:
        wanted = footprint(requests, self._facts)
        await lock_accounts(connection, wanted)
        return await self._carry_out(connection, wanted, requests)

    async def _plan(self, requests: Sequence[Request]) -> Footprint:
        """Work out the footprint. Asks only for the rules of namespaces never seen."""
        unknown = {request.namespace for request in requests} - self._facts.rules.keys()
        if unknown:
            async with self._database.statements() as connection:
                await self._refresh_rules(connection, unknown)
        return footprint(requests, self._facts)

    async def _refresh_rules(self, connection: Connection, names: Collection[str]) -> None:
        self._facts.learn_rules(names, await read_rules(connection, names))

    async def _carry_out(
        self, connection: Connection, wanted: Footprint, requests: Sequence[Request]
    ) -> tuple[Reading, BatchOutcome]:
        reading = await self._reader.read(connection, wanted, requests)
        outcome = _decide(requests, reading)
        if reading.book.has_changed:
            await self._write(connection, reading)
        return reading, outcome

    async def _notify(self, freed: frozenset[AccountKey]) -> None:
        """Tell other replicas what was freed. Unheard it is found by their polls: the batch is committed."""
        with suppress(StoreUnavailable):
            async with self._database.statements() as connection:
                await connection.execute(query("notify"), CHANNEL, freed_payloads(freed))


def _may_write(requests: Sequence[Request]) -> bool:
    return not all(isinstance(request, Check) and request.hold is None for request in requests)


def _decide(requests: Sequence[Request], reading: Reading) -> BatchOutcome:
    results = [_execute(reading.book, request) for request in requests]
    return BatchOutcome(results, frozenset(reading.book.freed))


def _execute(book: Book, request: Request) -> Answer:
    try:
        rules = book.namespaces.get(request.namespace)
        if rules is None:
            raise no_namespace(request.namespace)
        require_declared(rules, request)
        return execute(book, request)
    except RequestFailed as error:
        return error


def require_declared(rules: NamespaceRules, request: Request) -> None:
    """Raise RequestFailed UNKNOWN_UNIT if the namespace does not count one of the units."""
    if isinstance(request, _NAMING_UNITS) and not rules.units.issuperset(request.amounts):
        unknown = next(unit for unit in request.amounts if unit not in rules.units)
        units = ", ".join(sorted(rules.units))
        message = f"the namespace {rules.name} does not count this unit, only: {units}"
        raise invalid("UNKNOWN_UNIT", f"amounts[{unknown}]", message, value=unknown, limit=units)


_NAMING_UNITS = (Check, Commit, Extend, Adjust)


def _failed(error: Exception) -> StoreUnavailable | StoreFailed:
    failure: StoreUnavailable | StoreFailed
    if isinstance(error, (Stale, Remembered, Conflict)):
        failure = StoreUnavailable(f"others kept changing the same rows, {MAX_TRIES} times in a row")
    else:
        failure = StoreFailed(f"the request could not be carried out: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure
