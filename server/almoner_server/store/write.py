"""Write what a batch has changed, one statement for each kind of row.

Every statement takes its rows in the order of their keys, and the statements come in one order: two batches
that both add the same rows meet at the first of them, and one waits.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from almoner_server.core.book import Book
from almoner_server.store.connect import Connection
from almoner_server.store.lookups import columns
from almoner_server.store.queries import query
from almoner_server.store.rows import (
    account_values,
    adjustment_values,
    changed_charge_values,
    changed_hold_values,
    charge_values,
    hold_values,
    to_array,
)
from almoner_server.store.seams import CHANNEL, freed_payloads

T = TypeVar("T")


async def write_book(connection: Connection, book: Book) -> bool:
    """Write a book. Returns whether there was anything to write."""
    dirty = [account for account in book.accounts.values() if account.dirty]
    old = [account for account in dirty if not account.is_new]
    new = [account for account in dirty if account.is_new]
    chats = [(namespace, chat, to_array(chain)) for (namespace, chat), chain in book.new_chats.items()]
    written = [
        await _write(connection, "insert_accounts", new, account_values),
        await _write(connection, "insert_chats", chats, tuple, book.now),
        await _write(connection, "insert_holds", book.new_holds.values(), hold_values),
        await _write(connection, "insert_charges", book.new_charges.values(), charge_values),
        await _write(connection, "insert_adjustments", book.new_adjustments.values(), adjustment_values),
        await _write(connection, "update_accounts", old, account_values),
        await _write(connection, "update_holds", book.changed_holds.values(), changed_hold_values),
        await _write(connection, "update_charges", book.changed_charges.values(), changed_charge_values),
    ]
    return any(written)


async def notify_freed(connection: Connection, book: Book) -> None:
    """Tell the other replicas on which accounts room was made, once this transaction is committed."""
    await connection.execute(query("notify"), CHANNEL, freed_payloads(book.freed))


async def _write(
    connection: Connection,
    name: str,
    records: Iterable[T],
    values: Callable[[T], tuple[object, ...]],
    *more: object,
) -> bool:
    rows = [values(record) for record in records]
    if rows:
        await connection.execute(query(name), *columns(rows, 0), *more)
    return bool(rows)
