"""Write what a batch has changed: one statement, which writes nothing if the batch was decided on stale rows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.store.batch_book import Reading
from almoner_server.store.connect import Connection
from almoner_server.store.json_rows import encode
from almoner_server.store.statements import statement
from almoner_server.store.written_rows import (
    JsonRow,
    account_row,
    adjustment_row,
    changed_charge_row,
    changed_hold_row,
    charge_row,
    expiry_row,
    hold_row,
)

T = TypeVar("T")
GUARDED = ("namespaces_kept", "seen", "changed_accounts", "changed_holds", "changed_charges")
"""Parts that count the rows they found as they should be."""


async def write_batch(connection: Connection, reading: Reading, replica: UUID) -> tuple[datetime, bool]:
    """Write a book. Returns the database's time, and whether another replica has callers who wait for room.

    Raises SerializationError if something it was decided on has changed meanwhile.
    """
    parts = _parts(reading)
    values: dict[str, object] = {name: encode(rows) for name, rows in parts.items()}
    if reading.found.from_memory:
        values["decided_at"] = reading.found.now
    sql = statement("write_batch", tuple(values))
    values["namespace_count"] = len(parts["namespaces_kept"])
    values["row_count"] = sum(len(parts[name]) for name in GUARDED if name in parts)
    values["replica"] = replica
    row = await connection.fetchrow(sql.text, *[values[name] for name in sql.parameters])
    assert row is not None
    return row["now"], row["others_wait"]


def _parts(reading: Reading) -> dict[str, list[JsonRow]]:
    """Return the rows of each part that has any."""
    book, revisions = reading.book, reading.found.revisions
    rows = {
        "namespaces_kept": [{"name": name, "revision": number} for name, (number, _) in revisions.items()],
        **_account_parts(reading),
        "new_chats": [_chat_row(*chat, book.now) for chat in sorted(book.new_chats.items())],
        "new_holds": _in_order(book.new_holds, hold_row),
        "changed_holds": _in_order(book.changed_holds, changed_hold_row),
        "new_expiries": [expiry_row(*expiry) for expiry in book.new_expiries.items()],
        "new_charges": _in_order(book.new_charges, charge_row),
        "changed_charges": _in_order(book.changed_charges, changed_charge_row),
        "new_adjustments": _in_order(book.new_adjustments, adjustment_row),
    }
    return {name: part for name, part in rows.items() if part}


def _account_parts(reading: Reading) -> dict[str, list[JsonRow]]:
    """Sort accounts into those that were only looked at, those that changed, and those that are new."""
    seen: list[JsonRow] = []
    changed: list[JsonRow] = []
    new: list[JsonRow] = []
    for account in _sorted_accounts(reading.book):
        if not account.dirty:
            namespace, kind, ident = account.key
            seen.append({"namespace": namespace, "kind": kind, "id": ident, "version": account.version})
        elif not account.version:
            new.append(account_row(account))
        else:
            row = account_row(account)
            row["version"] = account.version
            changed.append(row)
    return {"seen": seen, "changed_accounts": changed, "new_accounts": new}


def _sorted_accounts(book: Book) -> list[Account]:
    accounts = book.accounts
    return [accounts[key] for key in sorted(accounts)]


def _in_order(records: Mapping[Any, T], row: Callable[[T], JsonRow]) -> list[JsonRow]:
    """Turn records into rows in the order of their keys: two batches that add the same ones meet at the first."""
    return [row(records[key]) for key in sorted(records)]


def _chat_row(key: tuple[str, str], chain: Iterable[str], now: object) -> JsonRow:
    return {"namespace": key[0], "id": key[1], "chain": chain, "create_time": now}
