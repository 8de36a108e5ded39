"""Read the book of a batch, and make sure that it holds every row that the batch may touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from almoner_server.core.book import Book, account_keys
from almoner_server.core.expiry import expiry_charge_id, late_commit_id
from almoner_server.core.footprint import Footprint
from almoner_server.core.records import AccountKey, Charge
from almoner_server.core.requests import Check, CheckResult, Commit, CommitResult, Request
from almoner_server.core.terms import ExpiryAction, HoldState
from almoner_server.store.connect import Connection
from almoner_server.store.facts import Facts, read_rules
from almoner_server.store.reading import Found, add_empty, current_rules, read_batch


class Stale(Exception):
    """Says that a footprint was worked out from a wrong guess. What is remembered is right now."""


@dataclass(slots=True)
class Reading:
    """Holds the book of a batch, what guards it, and for which footprint it was read."""

    book: Book
    found: Found
    wanted: Footprint


class BatchReader:
    """Reads books of batches."""

    def __init__(self, facts: Facts, replica: UUID) -> None:
        self._facts = facts
        self._replica = replica

    async def read(self, connection: Connection, wanted: Footprint, requests: Sequence[Request]) -> Reading:
        """Read all that the requests may touch. Raises Stale if the footprint was worked out from a wrong guess."""
        found = await read_batch(connection, wanted, self._replica)
        book = found.book
        rules = current_rules(wanted.namespaces, found.revisions)
        if rules is None:
            self._facts.learn_rules(wanted.namespaces, await read_rules(connection, wanted.namespaces))
            raise Stale
        book.namespaces = rules
        if not wanted.holds_true(book):
            self._facts.learn_read(book, wanted)
            raise Stale
        await self._read_estimates(connection, wanted, book, requests)
        add_empty(book, wanted.accounts)
        return Reading(book, found, wanted)

    async def require_new(
        self, connection: Connection, requests: Sequence[Request], results: Sequence[object]
    ) -> None:
        """Make sure that what was turned down is no retry of what was not: a write would have found out.

        Raises Stale if it is.
        """
        wanted = Footprint()
        for request, result in zip(requests, results, strict=True):
            if isinstance(request, Check) and request.hold is not None and _is_turned_down(result):
                wanted.holds[request.namespace, request.hold.id] = None
            elif isinstance(request, Commit) and _is_turned_down(result):
                wanted.booked.add((request.namespace, request.charge_id))
        if wanted.holds or wanted.booked:
            found = (await read_batch(connection, wanted, self._replica)).book
            if found.holds or found.charges:
                raise Stale

    async def _read_estimates(
        self, connection: Connection, wanted: Footprint, book: Book, requests: Sequence[Request]
    ) -> None:
        """Read what expiry has booked for holds that a commit comes too late for.

        Raises Stale if that counts on other accounts, too: they are known now.
        """
        late = [
            (request.namespace, request.hold_id)
            for request in requests
            if isinstance(request, Commit) and request.hold_id and _may_have_estimate(book, request)
        ]
        if late:
            estimates = Footprint()
            estimates.booked = {(namespace, expiry_charge_id(hold_id)) for namespace, hold_id in late}
            estimates.adjustments = {(namespace, late_commit_id(hold_id)) for namespace, hold_id in late}
            found = (await read_batch(connection, estimates, self._replica)).book
            book.charges |= found.charges
            book.adjustments |= found.adjustments
            if not all(
                wanted.accounts.issuperset(_accounts_of(book, charge)) for charge in found.charges.values()
            ):
                self._facts.learn_read(book, wanted)
                raise Stale


def _is_turned_down(result: object) -> bool:
    return not (
        result.decision.allowed if isinstance(result, CheckResult) else isinstance(result, CommitResult)
    )


def _may_have_estimate(book: Book, request: Commit) -> bool:
    """Tell whether the hold of a commit was charged at its expiry, or nothing is known of it any more."""
    assert request.hold_id is not None
    hold = book.holds.get((request.namespace, request.hold_id))
    if hold is None:
        return bool(request.user)  # else there is nothing to book
    return hold.state is HoldState.EXPIRED and hold.on_expiry is ExpiryAction.CHARGE


def _accounts_of(book: Book, charge: Charge) -> list[AccountKey]:
    rules = book.namespaces.get(charge.namespace)
    return [] if rules is None else account_keys(rules, charge.spender)
