"""Read a book: lock and read accounts first, then, as of a later moment, whatever else a decision needs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from uuid import UUID

import asyncpg

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.core.calendar import day_of
from almoner_server.core.footprint import Known, accounts_of, limit_targets_of, spenders_of, user_of
from almoner_server.core.records import AccountKey, Limit, LimitKey, NamespaceRules, Target
from almoner_server.core.requests import Check, Extend, Request
from almoner_server.core.terms import AccountKind, Period, TargetKind
from almoner_server.store.connect import Connection
from almoner_server.store.lookups import Facts, columns
from almoner_server.store.queries import query
from almoner_server.store.rows import account_of

NAMESPACE, GROUPS, LIMIT = 1, 2, 3
"""Parts of context.sql; 4 is a chat."""


class Stale(Exception):
    """Says that a transaction began on a wrong guess. The facts are corrected; it must begin again."""


@dataclass(slots=True)
class Footprint:
    """Says which accounts are to be locked and whose limits are to be read."""

    accounts: set[AccountKey] = field(default_factory=set)
    targets: set[tuple[str, Target]] = field(default_factory=set)

    def covers(self, other: "Footprint") -> bool:
        """Tell whether everything the other one names is in this one."""
        return self.accounts >= other.accounts and self.targets >= other.targets


@dataclass(slots=True)
class Context:
    """Holds what context.sql found."""

    now: datetime | None = None
    revisions: dict[str, int] = field(default_factory=dict)
    groups: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    limits: dict[tuple[str, Target], tuple[Limit, ...]] = field(default_factory=dict)
    chains: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    others_wait: bool = False


def footprint(
    requests: Iterable[Request],
    known: Known,
    groups: dict[tuple[str, str], tuple[str, ...]],
    rules: dict[str, NamespaceRules],
) -> Footprint:
    """Work out which rows the requests need, as far as is known. Only checks and extends look at limits."""
    found = Footprint()
    for request in requests:
        namespace = request.namespace
        if namespace not in rules:
            continue
        spenders = spenders_of(request, known, groups.get((namespace, user_of(request)), ()))
        found.accounts |= accounts_of(rules[namespace], spenders)
        if isinstance(request, Check | Extend):
            found.targets.update((namespace, target) for target in limit_targets_of(spenders))
    return found


async def read_accounts(
    connection: Connection, keys: Collection[AccountKey], *, lock: bool
) -> dict[AccountKey, Account]:
    """Read accounts, and lock their rows until the transaction ends. Those without a row are left out."""
    if not keys:
        return {}
    statement = query("lock_accounts" if lock else "read_accounts")
    rows = await connection.fetch(statement, *columns(list(keys), 3))
    accounts = (account_of(row) for row in rows)
    return {account.key: account for account in accounts}


async def read_context(
    connection: Connection,
    names: Sequence[str],
    users: Sequence[tuple[str, str]],
    targets: Collection[tuple[str, Target]],
    chats: Sequence[tuple[str, str]],
    replica: UUID,
) -> Context:
    """Read clock, revisions, groups of users, limits of users and chats, and chains, in one statement."""
    wanted = columns([(namespace, target.kind, target.id) for namespace, target in targets], 3)
    chat_names, chat_ids = columns(chats, 2)
    context = Context()
    for row in await connection.fetch(
        query("context"), names, *columns(users, 2), *wanted, chat_names, replica, chat_ids
    ):
        _take(context, row)
    return context


def current_rules(facts: Facts, revisions: dict[str, int]) -> dict[str, NamespaceRules] | None:
    """Return the rules of the namespaces that exist, None if those remembered are of other revisions."""
    rules = {name: facts.rules[name] for name in revisions if name in facts.rules}
    current = all(name in rules and rules[name].revision == revision for name, revision in revisions.items())
    return rules if current else None


def open_book(
    context: Context, rules: dict[str, NamespaceRules], accounts: dict[AccountKey, Account]
) -> Book:
    """Make the book of a moment, never before the day an account stands at: windows do not roll back."""
    now = context.now or datetime.now(UTC)
    newest = max((account.day for account in accounts.values()), default=0)
    if newest > day_of(now):
        now = datetime.combine(date.fromordinal(newest), time(), UTC)
    return Book(
        now=now,
        namespaces=rules,
        accounts=accounts,
        chains=context.chains,
        groups=context.groups,
        limits=context.limits,
    )


def add_empty(book: Book, keys: Iterable[AccountKey]) -> None:
    """Add the accounts nobody has used yet. A limited pool always has its row: one without is corrupt."""
    for key in keys:
        if key not in book.accounts:
            if key.kind in (AccountKind.GROUP, AccountKind.NAMESPACE):
                raise RuntimeError(f"the limited pool {key} has no account row; `almoner verify` tells more")
            book.accounts[key] = Account.empty(key, book.today)


def _take(context: Context, row: asyncpg.Record) -> None:
    namespace = row["namespace"]
    if row["part"] == NAMESPACE:
        context.now = max(context.now, row["moment"]) if context.now else row["moment"]
        context.revisions[namespace] = row["number"]
        context.others_wait = row["flag"]
    elif row["part"] == GROUPS:
        context.groups[namespace, row["id"]] = tuple(row["texts"])
    elif row["part"] == LIMIT:
        target = Target(TargetKind(row["kind"]), row["id"])
        limit = Limit(LimitKey(target, row["unit"], Period(row["period"])), row["number"], row["moment"])
        context.limits[namespace, target] = (*context.limits.get((namespace, target), ()), limit)
    else:
        context.chains[namespace, row["id"]] = tuple(row["texts"])
