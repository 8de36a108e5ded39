"""Read what a status report is made of, all as of one moment and without any lock."""

from uuid import UUID

from almoner_server.core.book import Book
from almoner_server.core.footprint import accounts_of, limit_targets_of
from almoner_server.core.records import Spender
from almoner_server.core.status import StatusRequest
from almoner_server.core.trees import chain_of
from almoner_server.store.connect import Connection, Database
from almoner_server.store.lookups import read_facts, read_rules
from almoner_server.store.namespace_lock import no_namespace
from almoner_server.store.reading import add_empty, open_book, read_accounts, read_context


async def read_status(database: Database, request: StatusRequest, replica: UUID) -> Book:
    """Read the book for `core.status.report`.

    Raises:
        RequestFailed: NAMESPACE_NOT_FOUND; PARENT_CONFLICT and CHAT_TOO_DEEP as a check of the chat would.
        StoreUnavailable: the database cannot be reached.
    """
    async with database.snapshot() as connection:
        return await _read(connection, request, replica)


async def _read(connection: Connection, request: StatusRequest, replica: UUID) -> Book:
    namespace = request.namespace
    rules = await read_rules(connection, [namespace])
    if not rules:
        raise no_namespace(namespace)
    chats = [(namespace, chat) for chat in (request.chat, request.parent) if chat]
    known = await read_facts(connection, [], [], chats)
    users = [(namespace, request.user)] if request.user else []
    context = await read_context(connection, [namespace], users, [], [], replica)
    context.chains = known.chains

    book = open_book(context, rules, {})
    groups = book.groups_of(namespace, request.user, request.groups) if request.user else ()
    spender = Spender(request.user, groups, chain_of(book, namespace, request.chat, request.parent))
    targets = {(namespace, target) for target in limit_targets_of([spender])}
    context.limits = (await read_context(connection, [], [], targets, [], replica)).limits

    keys = accounts_of(rules[namespace], [spender])
    book = open_book(context, rules, await read_accounts(connection, keys, lock=False))
    add_empty(book, keys)
    return book
