"""What a process remembers between batches, so that a batch need not ask for it first.

Whose a hold or charge is and a chat's chain never change. The rules of namespaces and the stored groups of users
do: they are guesses, which every batch compares with what it reads.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from uuid import UUID

import asyncpg

from almoner_server.core.book import Book
from almoner_server.core.footprint import Footprint
from almoner_server.core.records import NamespaceRules, Spender, Target
from almoner_server.core.terms import GroupRule, HoldState, TargetKind
from almoner_server.store.bounded import Bounded, K, V
from almoner_server.store.connect import Connection
from almoner_server.store.queries import query
from almoner_server.store.rows import limit_of

FACTS = 200_000
"""Entries of one kind that a process remembers, of holds the open ones: what is forgotten is read again."""


class Facts:
    """Remembers for a whole process. Shared by all batches; what is in it was committed."""

    def __init__(self) -> None:
        self.rules: dict[str, NamespaceRules] = {}
        self.groups: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(FACTS)
        self.holds: Bounded[tuple[str, UUID], Spender] = Bounded(FACTS)
        self.charges: Bounded[tuple[str, UUID], Spender] = Bounded(FACTS)
        self.estimates: Bounded[tuple[str, UUID], Spender] = Bounded(FACTS)
        self.chains: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(FACTS)

    def user_of_hold(self, namespace: str, hold_id: UUID) -> str | None:
        """Return whose a hold is; None if this process does not remember."""
        spender = self.holds.get((namespace, hold_id))
        return spender.user if spender else None

    def learn_rules(self, names: Iterable[str], found: Mapping[str, NamespaceRules]) -> None:
        """Remember the rules of namespaces that were read, and forget what has gone."""
        for name in names:
            self.rules.pop(name, None)
        self.rules |= found

    def learn_read(self, book: Book, read: Footprint) -> None:
        """Remember what was read, and forget what has gone."""
        self.groups.remember((user, book.groups.get(user, ())) for user in read.users)
        self.chains.remember(book.chains.items())
        self.holds.remember((key, hold.spender) for key, hold in book.holds.items())
        self.charges.remember((key, charge.spender) for key, charge in book.charges.items())
        self.estimates.remember((key, charge.spender) for key, charge in book.estimates.items())
        _forget(self.holds, read.holds.keys() - book.holds.keys())
        _forget(self.charges, read.adjusted.keys() - book.charges.keys())
        _forget(self.chains, read.chats.keys() - book.chains.keys())

    def learn_written(self, book: Book) -> None:
        """Remember what a batch has made true. It must have been committed.

        Holds that have ended are forgotten: hardly anybody asks for one again, and most of what a process has allocated
        would be theirs.
        """
        new, changed = book.new_holds.items(), book.changed_holds.items()
        self.holds.remember([(key, hold.spender) for key, hold in new if hold.state is HoldState.OPEN])
        _forget(self.holds, [key for key, hold in changed if hold.state is not HoldState.OPEN])
        self.chains.remember(book.new_chats.items())


def _forget(known: dict[K, V], keys: Iterable[K]) -> None:
    for key in keys:
        known.pop(key, None)


async def read_rules(connection: Connection, names: Iterable[str]) -> dict[str, NamespaceRules]:
    """Read the rules of namespaces, all as of one moment. One that does not exist is left out."""
    found: dict[str, list[asyncpg.Record]] = {}
    for row in await connection.fetch(query("rules"), list(names)):
        found.setdefault(row["name"], []).append(row)
    return {name: _rules(rows) for name, rows in found.items()}


def _rules(rows: list[asyncpg.Record]) -> NamespaceRules:
    first = rows[0]
    limits = sorted((limit_of(row) for row in rows if row["unit"] is not None), key=lambda limit: limit.key)
    by_target = {
        target: tuple(group) for target, group in groupby(limits, key=lambda limit: limit.key.target)
    }
    return NamespaceRules(
        name=first["name"],
        units=frozenset(first["units"]),
        group_rule=GroupRule(first["group_rule"]),
        enabled=first["enabled"],
        revision=first["rules_revision"],
        limits=by_target,
        filling=frozenset(Target(TargetKind(int(kind)), target) for kind, target in first["filling"]),
    )
