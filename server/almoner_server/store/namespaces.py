"""Namespaces and their settings (docs/semantics.md, Namespaces)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from almoner_server.core.errors import RequestFailed, precondition
from almoner_server.core.records import NamespaceRules
from almoner_server.core.terms import GroupRule
from almoner_server.store.connect import Connection, Database
from almoner_server.store.facts import Facts, read_rules
from almoner_server.store.namespace_lock import locked_namespace, no_namespace, require_etag
from almoner_server.store.paging import Page, Paging
from almoner_server.store.queries import query


@dataclass(frozen=True, slots=True)
class NamespaceSettings:
    """Is a namespace as administrators see it, its units sorted. The store sets `etag` and `create_time`."""

    name: str
    units: tuple[str, ...]
    group_rule: GroupRule = GroupRule.MIN
    enabled: bool = True
    etag: str = ""
    create_time: datetime | None = None


class Namespaces:
    """Creates, changes and shows namespaces. Every method raises StoreUnavailable."""

    def __init__(self, database: Database, facts: Facts) -> None:
        self._database = database
        self._facts = facts

    async def create(self, wanted: NamespaceSettings) -> NamespaceSettings:
        """Create a namespace; one with the same settings is fine. Raises RequestFailed NAMESPACE_EXISTS."""
        units = sorted(set(wanted.units))
        async with self._database.transaction() as connection:
            created = await connection.fetchrow(
                query("insert_namespace"), wanted.name, units, int(wanted.group_rule), wanted.enabled
            )
            found = _settings(created) if created else await _read(connection, wanted.name)
        if (list(found.units), found.group_rule, found.enabled) != (units, wanted.group_rule, wanted.enabled):
            message = f"namespace.name: {wanted.name} exists with other settings"
            raise RequestFailed(
                "ALREADY_EXISTS", "NAMESPACE_EXISTS", message, field="namespace.name", value=wanted.name
            )
        return found

    async def update(
        self,
        name: str,
        *,
        units: Iterable[str] | None = None,
        group_rule: GroupRule | None = None,
        enabled: bool | None = None,
        etag: str = "",
    ) -> NamespaceSettings:
        """Change the settings that are given. Nothing changes, whatever the etag, if they are so already.

        Raises RequestFailed: NAMESPACE_NOT_FOUND, ETAG_MISMATCH, UNIT_REMOVED.
        """
        async with locked_namespace(self._database, name) as locked:
            current = await _read(locked.connection, name)
            wanted = (
                current.units if units is None else tuple(sorted(set(units))),
                current.group_rule if group_rule is None else group_rule,
                current.enabled if enabled is None else enabled,
            )
            if wanted == (current.units, current.group_rule, current.enabled):
                return current
            require_etag(etag, current.etag, f"the namespace {name}")
            _require_kept(current.units, wanted[0])
            revision = await locked.bump(rules=True)
            row = await locked.connection.fetchrow(query("update_namespace"), name, *wanted, f"{revision:x}")
            assert row is not None
            return _settings(row)

    async def get(self, name: str) -> NamespaceSettings:
        """Show a namespace. Raises RequestFailed NAMESPACE_NOT_FOUND."""
        async with self._database.snapshot() as connection:
            return await _read(connection, name)

    async def list(self, *, page_size: int = 100, page_token: str = "") -> Page[NamespaceSettings]:
        """List namespaces by name. Raises RequestFailed MALFORMED_PAGE_TOKEN."""
        paging = Paging("namespaces", (), page_size, page_token, first=("",))
        async with self._database.snapshot() as connection:
            rows = await connection.fetch(query("list_namespaces"), *paging.after, paging.fetch)
        return paging.page([_settings(row) for row in rows], lambda settings: (settings.name,))

    async def rules(self, name: str) -> NamespaceRules:
        """Read the rules of a namespace, and remember them. Raises RequestFailed NAMESPACE_NOT_FOUND."""
        async with self._database.snapshot() as connection:
            found = await read_rules(connection, [name])
        self._facts.learn_rules([name], found)
        if name not in found:
            raise no_namespace(name)
        return found[name]

    def known_rules(self, name: str) -> NamespaceRules | None:
        """Return the rules as last read by this process, perhaps out of date; None if never."""
        return self._facts.rules.get(name)


async def _read(connection: Connection, name: str) -> NamespaceSettings:
    row = await connection.fetchrow(query("read_namespace"), name)
    if row is None:
        raise no_namespace(name)
    return _settings(row)


def _settings(row: asyncpg.Record) -> NamespaceSettings:
    return NamespaceSettings(
        name=row["name"],
        units=tuple(sorted(row["units"])),
        group_rule=GroupRule(row["group_rule"]),
        enabled=row["enabled"],
        etag=row["etag"],
        create_time=row["create_time"],
    )


def _require_kept(units: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    removed = sorted(set(units) - set(wanted))
    if removed:
        message = f"namespace.units: {', '.join(removed)} would be removed; units may only be added"
        raise precondition("UNIT_REMOVED", message, field="namespace.units", value=", ".join(removed))
