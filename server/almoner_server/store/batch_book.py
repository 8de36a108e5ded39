"""Read the book of a batch, and make sure that it holds every row that the batch may touch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from almoner_server.core.book import Book, account_keys
from almoner_server.core.expiry import expiry_charge_id, late_commit_id
from almoner_server.core.footprint import Footprint
from almoner_server.core.records import AccountKey, Charge, Hold
from almoner_server.core.requests import Check, CheckResult, Commit, CommitResult, Request
from almoner_server.store.connect import Connection
from almoner_server.store.facts import Facts, read_rules
from almoner_server.store.json_rows import to_json_rows
from almoner_server.store.queries import query
from almoner_server.store.reading import Found, add_empty, current_rules, read_batch
from almoner_server.store.rows import charge_of


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
        late = [request for request in requests if isinstance(request, Commit) and request.hold_id]
        if not late:
            return
        estimates = Footprint()
        estimates.booked = {
            (hold.namespace, expiry_charge_id(hold)) for hold in _charged_at_expiry(book, late)
        }
        if forgotten := _forgotten(book, late):
            rows = to_json_rows(("namespace", "hold_id"), forgotten)
            found = map(charge_of, await connection.fetch(query("estimates_of_forgotten"), rows))
            book.estimates = {(charge.namespace, _hold_of(charge)): charge for charge in found}
        ids = [*estimates.booked, *((charge.namespace, charge.id) for charge in book.estimates.values())]
        if not ids:
            return
        estimates.adjustments = {(namespace, late_commit_id(ident)) for namespace, ident in ids}
        read = (await read_batch(connection, estimates, self._replica)).book
        book.charges |= read.charges
        book.adjustments |= read.adjustments
        if not all(
            wanted.accounts.issuperset(_accounts_of(book, charge)) for charge in book.estimates.values()
        ):
            self._facts.learn_read(book, wanted)
            raise Stale


def _is_turned_down(result: object) -> bool:
    return not (
        result.decision.allowed if isinstance(result, CheckResult) else isinstance(result, CommitResult)
    )


def _charged_at_expiry(book: Book, commits: Iterable[Commit]) -> list[Hold]:
    holds = [book.holds.get((commit.namespace, commit.hold_id)) for commit in commits if commit.hold_id]
    return [hold for hold in holds if hold and hold.was_charged_at_expiry]


def _forgotten(book: Book, commits: Iterable[Commit]) -> set[tuple[str, UUID]]:
    """Return the holds of which nothing is known any more, if anything. Without a user there is nothing to book."""
    named = {(commit.namespace, commit.hold_id) for commit in commits if commit.user and commit.hold_id}
    return named - book.holds.keys()


def _hold_of(charge: Charge) -> UUID:
    assert charge.hold_id is not None
    return charge.hold_id


def _accounts_of(book: Book, charge: Charge) -> list[AccountKey]:
    rules = book.namespaces.get(charge.namespace)
    return [] if rules is None else account_keys(rules, charge.spender)
