"""Read a book: the rows of a footprint, all as of one moment, in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import asyncpg

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.core.calendar import day_of
from almoner_server.core.footprint import Footprint
from almoner_server.core.records import AccountKey, Limit, NamespaceRules, Target
from almoner_server.core.terms import AccountKind
from almoner_server.store.connect import Connection
from almoner_server.store.json_rows import to_json_rows
from almoner_server.store.queries import query
from almoner_server.store.rows import account_of, adjustment_of, charge_of, hold_of, limit_of

NAMESPACE, KIND, ID = "namespace", "kind", "id"


@dataclass(slots=True)
class Found:
    """Holds what a footprint's rows said. `revisions` are the whole one and that of the rules, by namespace.

    `clock_is_set` tells whether a test has set the authority's clock.
    """

    now: datetime
    others_wait: bool
    clock_is_set: bool
    revisions: dict[str, tuple[int, int]]
    book: Book
    from_memory: bool = False


async def read_batch(connection: Connection, wanted: Footprint, replica: UUID) -> Found:
    """Read the rows of a footprint. The book's namespaces are those that exist, without their rules yet."""
    row = await connection.fetchrow(query("read_batch"), replica, *_arguments(wanted))
    assert row is not None
    accounts = {account.key: account for account in map(account_of, row["accounts"])}
    book = Book(
        now=moment_of(row["now"], accounts.values()),
        namespaces={},
        accounts=accounts,
        chains={(chat[NAMESPACE], chat[ID]): tuple(chat["chain"]) for chat in row["chats"]},
        groups={(user[NAMESPACE], user["user_id"]): tuple(user["groups"]) for user in row["user_groups"]},
        limits=_limits(row["limits"]),
        holds={(hold[NAMESPACE], hold[ID]): hold_of(hold) for hold in row["holds"]},
        charges={(charge[NAMESPACE], charge[ID]): charge_of(charge) for charge in row["charges"]},
        adjustments={(entry[NAMESPACE], entry[ID]): adjustment_of(entry) for entry in row["adjustments"]},
    )
    revisions = {found["name"]: (found["revision"], found["rules_revision"]) for found in row["namespaces"]}
    return Found(row["now"], row["others_wait"], row["clock_is_set"], revisions, book)


async def lock_accounts(connection: Connection, wanted: Footprint) -> None:
    """Lock the accounts of a footprint until the transaction ends."""
    await connection.execute(query("lock_accounts"), to_json_rows((NAMESPACE, KIND, ID), wanted.accounts))


def current_rules(
    taken: Mapping[str, NamespaceRules | None], revisions: Mapping[str, tuple[int, int]]
) -> dict[str, NamespaceRules] | None:
    """Return the rules of the namespaces that exist; None if those taken for true are of other revisions."""
    rules = {name: known for name, known in taken.items() if known is not None}
    current = {name: known.revision for name, known in rules.items()}
    return rules if current == {name: number for name, (_, number) in revisions.items()} else None


def add_empty(book: Book, keys: Iterable[AccountKey]) -> None:
    """Add the accounts nobody has used yet. A limited pool always has its row: one without is corrupt."""
    for key in keys:
        if key not in book.accounts:
            if key.kind in (AccountKind.GROUP, AccountKind.NAMESPACE):
                raise RuntimeError(f"the limited pool {key} has no account row; `almoner verify` tells more")
            book.accounts[key] = Account.empty(key, book.today)


def _arguments(wanted: Footprint) -> tuple[object, ...]:
    targets = [(namespace, *target) for namespace, target in wanted.targets]
    return (
        list(wanted.namespaces),
        to_json_rows((NAMESPACE, KIND, ID), wanted.accounts),
        to_json_rows((NAMESPACE, "user_id"), wanted.users),
        to_json_rows((NAMESPACE, "target_kind", "target_id"), targets),
        to_json_rows((NAMESPACE, ID), wanted.chats),
        to_json_rows((NAMESPACE, ID), wanted.holds),
        to_json_rows((NAMESPACE, ID), wanted.booked | wanted.adjusted.keys()),
        to_json_rows((NAMESPACE, ID), wanted.adjustments),
    )


def moment_of(now: datetime, accounts: Iterable[Account]) -> datetime:
    """Return the moment of a book: never before the day an account stands at, since windows do not roll back."""
    newest = max((account.day for account in accounts), default=0)
    return now if newest <= day_of(now) else datetime.combine(date.fromordinal(newest), time(), UTC)


def _limits(rows: Iterable[asyncpg.Record]) -> dict[tuple[str, Target], tuple[Limit, ...]]:
    found: dict[tuple[str, Target], tuple[Limit, ...]] = {}
    for row in rows:
        limit = limit_of(row)
        key = (row[NAMESPACE], limit.key.target)
        found[key] = (*found.get(key, ()), limit)
    return found
