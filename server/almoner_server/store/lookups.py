"""What a process remembers between batches, so that a batch need not ask for it.

Facts that never change (whose a hold or charge is, a chat's chain) are simply true. The rules of namespaces
and the stored groups of users are guesses: a batch checks them inside its transaction and starts again if
they were wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar
from uuid import UUID

import asyncpg

from almoner_server.core.footprint import Known, charges_of, chats_of, hold_of, user_of
from almoner_server.core.records import NamespaceRules, Spender
from almoner_server.core.requests import Adjust, Check, Request
from almoner_server.core.terms import GroupRule
from almoner_server.store.connect import Connection
from almoner_server.store.queries import query
from almoner_server.store.rows import limit_of

K = TypeVar("K")
V = TypeVar("V")

FACTS = 200_000
"""Entries of one kind that a process remembers: what is forgotten is looked up again."""


class Bounded(dict[K, V]):
    """Is a dict that forgets its oldest entries beyond a number."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def remember(self, entries: dict[K, V]) -> None:
        """Add entries."""
        self.update(entries)
        while len(self) > self._most:
            del self[next(iter(self))]


class Facts:
    """Remembers for a whole process. Shared by all batches; nothing in it is taken back by a rollback."""

    def __init__(self) -> None:
        self.rules: dict[str, NamespaceRules] = {}
        self.groups: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(FACTS)
        self._holds: Bounded[tuple[str, UUID], Spender] = Bounded(FACTS)
        self._charges: Bounded[tuple[str, UUID], Spender] = Bounded(FACTS)
        self._chains: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(FACTS)

    def user_of_hold(self, namespace: str, hold_id: UUID) -> str | None:
        """Return whose a hold is; None if this process does not remember."""
        spender = self._holds.get((namespace, hold_id))
        return spender.user if spender else None

    def learn(self, known: Known) -> None:
        """Remember facts. They must have been committed."""
        self._holds.remember(known.holds)
        self._charges.remember(known.charges)
        self._chains.remember(known.chains)

    def known(self, requests: Iterable[Request]) -> Known:
        """Collect what is remembered of the things that the requests name."""
        known = Known()
        for request in requests:
            namespace, hold_id = request.namespace, hold_of(request)
            if hold_id is not None:
                _copy((namespace, hold_id), self._holds, known.holds)
            for charge_id in charges_of(request):
                _copy((namespace, charge_id), self._charges, known.charges)
            for chat in chats_of(request):
                _copy((namespace, chat), self._chains, known.chains)
        return known


async def look_up(connection: Connection, facts: Facts, requests: Sequence[Request]) -> Known:
    """Return the facts about the requests, asking the database for those not remembered.

    A hold that a check names, or a charge that a commit names, is expected to be new and not asked for: if it
    is there after all, the batch finds it under its locks and starts again.
    """
    known = facts.known(requests)
    holds = [key for key in _settled_holds(requests) if key not in known.holds]
    charges = [key for key in _adjusted_charges(requests) if key not in known.charges]
    chats = [(r.namespace, chat) for r in requests for chat in chats_of(r)]
    found = await read_facts(connection, holds, charges, [key for key in chats if key not in known.chains])
    facts.learn(found)
    known.holds |= found.holds
    known.charges |= found.charges
    known.chains |= found.chains
    return known


async def read_facts(
    connection: Connection,
    holds: Sequence[tuple[str, UUID]],
    charges: Sequence[tuple[str, UUID]],
    chats: Sequence[tuple[str, str]],
) -> Known:
    """Read whose holds and charges are, and the chains of chats. What does not exist is left out."""
    known = Known()
    if not (holds or charges or chats):
        return known
    arguments = [list(column) for keys in (holds, charges, chats) for column in columns(keys, 2)]
    for row in await connection.fetch(query("facts"), *arguments):
        if row["part"] == 1:
            known.holds[row["namespace"], row["id"]] = _spender(row)
        elif row["part"] == 2:
            known.charges[row["namespace"], row["id"]] = _spender(row)
        else:
            known.chains[row["namespace"], row["chat"]] = tuple(row["chain"])
    return known


async def read_rules(connection: Connection, names: Iterable[str]) -> dict[str, NamespaceRules]:
    """Read the rules of namespaces, all as of one moment. One that does not exist is left out."""
    found: dict[str, list[asyncpg.Record]] = {}
    for row in await connection.fetch(query("rules"), list(names)):
        found.setdefault(row["name"], []).append(row)
    return {name: _rules(rows) for name, rows in found.items()}


def users_of(requests: Iterable[Request]) -> list[tuple[str, str]]:
    """List the users that requests name, each with its namespace, once."""
    return list(dict.fromkeys((r.namespace, user) for r in requests if (user := user_of(r))))


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    """Turn rows into columns, each to travel as one array; `width` columns also if there is no row."""
    return list(zip(*rows, strict=True)) if rows else [() for _ in range(width)]


def _settled_holds(requests: Iterable[Request]) -> Iterator[tuple[str, UUID]]:
    for request in requests:
        hold_id = hold_of(request)
        if hold_id is not None and not isinstance(request, Check):
            yield request.namespace, hold_id


def _adjusted_charges(requests: Iterable[Request]) -> Iterator[tuple[str, UUID]]:
    for request in requests:
        if isinstance(request, Adjust):
            yield request.namespace, request.charge_id


def _copy(key: K, source: dict[K, V], target: dict[K, V]) -> None:
    value = source.get(key)
    if value is not None:
        target[key] = value


def _spender(row: asyncpg.Record) -> Spender:
    return Spender(row["user_id"], tuple(row["groups"]), tuple(row["chain"]))


def _rules(rows: Sequence[asyncpg.Record]) -> NamespaceRules:
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
    )
