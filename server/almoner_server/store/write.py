"""Write what a batch has changed: one statement, which writes nothing if the batch was decided on stale rows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from almoner_server.core.accounts import Account
from almoner_server.store.batch_book import Reading
from almoner_server.store.connect import Connection
from almoner_server.store.json_rows import encode
from almoner_server.store.queries import query
from almoner_server.store.rows import (
    JsonRow,
    account_row,
    adjustment_row,
    changed_charge_row,
    changed_hold_row,
    charge_row,
    hold_row,
)

T = TypeVar("T")


async def write_batch(connection: Connection, reading: Reading, replica: UUID) -> tuple[datetime, bool]:
    """Write a book. Returns the database's time, and whether another replica has callers who wait for room.

    Raises SerializationError if something it was decided on has changed meanwhile.
    """
    book = reading.book
    accounts = sorted(book.accounts.values(), key=lambda account: account.key)
    changed = [
        _changed_account(account, reading) for account in accounts if account.dirty and not account.is_new
    ]
    seen = [_seen_account(account, reading) for account in accounts if not account.dirty]
    namespaces = [{"name": name, "revision": number} for name, (number, _) in reading.found.revisions.items()]
    rows = len(namespaces) + len(seen) + len(changed) + len(book.changed_holds) + len(book.changed_charges)
    row = await connection.fetchrow(
        query("write_batch"),
        encode(namespaces),
        encode(seen),
        encode(changed),
        encode([account_row(account) for account in accounts if account.dirty and account.is_new]),
        encode([_chat_row(*chat, book.now) for chat in sorted(book.new_chats.items())]),
        _encoded(book.new_holds, hold_row),
        _encoded(book.changed_holds, changed_hold_row),
        _encoded(book.new_charges, charge_row),
        _encoded(book.changed_charges, changed_charge_row),
        _encoded(book.new_adjustments, adjustment_row),
        rows,
        len(namespaces),
        reading.found.from_memory,
        reading.found.now,
        replica,
    )
    assert row is not None
    return row["now"], row["others_wait"]


def _encoded(records: Mapping[Any, T], row: Callable[[T], JsonRow]) -> str:
    """Encode records in the order of their keys: two batches that add the same ones meet at the first."""
    return encode([row(records[key]) for key in sorted(records)])


def _changed_account(account: Account, reading: Reading) -> JsonRow:
    return account_row(account) | {"version": reading.found.versions[account.key]}


def _seen_account(account: Account, reading: Reading) -> JsonRow:
    namespace, kind, ident = account.key
    version = reading.found.versions.get(account.key, 0)
    return {"namespace": namespace, "kind": kind, "id": ident, "version": version}


def _chat_row(key: tuple[str, str], chain: Iterable[str], now: object) -> JsonRow:
    return {"namespace": key[0], "id": key[1], "chain": chain, "create_time": now}
