"""Read the book of a batch, and make sure that it holds every row that the batch may touch.

Which rows these are is worked out from what is remembered. Under the locks it is worked out again, from what
was found.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from almoner_server.core.book import Book
from almoner_server.core.expiry import expiry_charge_id
from almoner_server.core.footprint import Known, adjustments_of, charges_of, chats_of, hold_of
from almoner_server.core.records import NamespaceRules, Target
from almoner_server.core.requests import Adjust, Commit, Request
from almoner_server.store.connect import Connection
from almoner_server.store.lookups import Facts, columns, look_up, read_rules, users_of
from almoner_server.store.queries import query
from almoner_server.store.reading import (
    Context,
    Footprint,
    Stale,
    add_empty,
    current_rules,
    footprint,
    open_book,
    read_accounts,
    read_context,
)
from almoner_server.store.rows import adjustment_of, charge_of
from almoner_server.store.rows import hold_of as hold_of_row

MAX_READS = 4
"""How often limits may be found to have changed between two reads before the transaction begins again."""

Wanted = tuple[
    Sequence[str], Sequence[tuple[str, str]], Collection[tuple[str, Target]], Sequence[tuple[str, str]]
]
"""Namespaces, users, targets of limits and chats."""


@dataclass(slots=True)
class Reading:
    """Holds the book of a batch, and whether another replica has callers who wait for room."""

    book: Book
    others_wait: bool


class BatchReader:
    """Reads books of batches."""

    def __init__(self, facts: Facts, replica: UUID) -> None:
        self._facts = facts
        self._replica = replica

    async def read(self, connection: Connection, requests: Sequence[Request], *, lock: bool) -> Reading:
        """Lock and read all that the requests may touch. Raises Stale if a guess was wrong."""
        facts = self._facts
        names = sorted({request.namespace for request in requests})
        unknown = [name for name in names if name not in facts.rules]
        if unknown:
            facts.rules |= await read_rules(connection, unknown)
        known = await look_up(connection, facts, requests)
        planned = footprint(requests, known, facts.groups, facts.rules)
        accounts = await read_accounts(connection, planned.accounts, lock=lock)

        users = users_of(requests)
        chats = sorted({(r.namespace, chat) for r in requests for chat in chats_of(r)} - known.chains.keys())
        wanted = (names, users, planned.targets, chats)
        context, rules = await self._read_context(connection, wanted)
        context.chains |= known.chains
        facts.groups.remember({user: context.groups.get(user, ()) for user in users})

        book = open_book(context, rules, accounts)
        await _read_entries(connection, book, requests)
        add_empty(book, self._covered(planned, requests, book).accounts)
        return Reading(book, context.others_wait)

    async def _read_context(
        self, connection: Connection, wanted: Wanted
    ) -> tuple[Context, dict[str, NamespaceRules]]:
        """Read the rest and the rules of the same moment. Raises Stale if the rules never stand still."""
        for _ in range(MAX_READS):
            context = await read_context(connection, *wanted, self._replica)
            rules = current_rules(self._facts, context.revisions)
            if rules is not None:
                return context, rules
            self._facts.rules |= await read_rules(connection, context.revisions)
        raise Stale

    def _covered(self, planned: Footprint, requests: Sequence[Request], book: Book) -> Footprint:
        """Return which rows are needed, given what was found. Raises Stale if not all of them were locked."""
        found = _facts_in(book)
        needed = footprint(requests, found, book.groups, book.namespaces)
        if not planned.covers(needed):
            self._facts.learn(found)
            raise Stale
        return needed


def new_facts(book: Book) -> Known:
    """Return what a batch has made true, once it is committed."""
    holds = {key: hold.spender for key, hold in book.new_holds.items()}
    return Known(holds, {}, dict(book.new_chats))


async def _read_entries(connection: Connection, book: Book, requests: Sequence[Request]) -> None:
    """Read holds, charges and adjustments: the lock on their user's account protects them."""
    holds = {(r.namespace, hold_id) for r in requests if (hold_id := hold_of(r)) is not None}
    if holds:
        rows = await connection.fetch(query("holds_by_id"), *columns(list(holds), 2))
        book.holds = {(row["namespace"], row["id"]): hold_of_row(row) for row in rows}
    charges = {(r.namespace, charge_id) for r in requests for charge_id in charges_of(r)}
    if charges:
        rows = await connection.fetch(query("charges_by_id"), *columns(list(charges), 2))
        book.charges = {(row["namespace"], row["id"]): charge_of(row) for row in rows}
    adjusting = [request for request in requests if _may_meet_adjustments(book, request)]
    adjustments = {(r.namespace, adjustment_id) for r in adjusting for adjustment_id in adjustments_of(r)}
    if adjustments:
        rows = await connection.fetch(query("adjustments_by_id"), *columns(list(adjustments), 2))
        book.adjustments = {(row["namespace"], row["id"]): adjustment_of(row) for row in rows}


def _may_meet_adjustments(book: Book, request: Request) -> bool:
    """Tell whether adjustments matter: a commit meets one only where expiry has booked an estimate."""
    if isinstance(request, Commit) and request.hold_id is not None:
        return (request.namespace, expiry_charge_id(request.hold_id)) in book.charges
    return isinstance(request, Adjust)


def _facts_in(book: Book) -> Known:
    holds = {key: hold.spender for key, hold in book.holds.items()}
    charges = {key: charge.spender for key, charge in book.charges.items()}
    return Known(holds, charges, dict(book.chains))
