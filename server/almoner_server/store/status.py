"""Read what a status report is made of, all as of one moment and without any lock."""

from uuid import UUID

from almoner_server.core.book import Book, account_keys
from almoner_server.core.footprint import Footprint, limit_targets_of
from almoner_server.core.records import Spender
from almoner_server.core.status import StatusRequest
from almoner_server.core.trees import chain_of
from almoner_server.store.connect import Connection, Database
from almoner_server.store.facts import read_rules
from almoner_server.store.namespace_lock import no_namespace
from almoner_server.store.reading import add_empty, read_batch


async def read_status(database: Database, request: StatusRequest, replica: UUID) -> Book:
    """Read the book for `core.status.report`.

    Raises:
        RequestFailed: NAMESPACE_NOT_FOUND; PARENT_CONFLICT and CHAT_TOO_DEEP as a check of the chat would.
        StoreUnavailable: the database cannot be reached.
    """
    async with database.snapshot() as connection:
        return await _read(connection, request, replica)


async def _read(connection: Connection, request: StatusRequest, replica: UUID) -> Book:
    """Read twice of one moment: first whom the request means, then what is theirs."""
    namespace = request.namespace
    rules = await read_rules(connection, [namespace])
    if not rules:
        raise no_namespace(namespace)
    named = Footprint(namespaces=dict(rules))
    named.chats = {(namespace, chat): None for chat in (request.chat, request.parent) if chat}
    named.users = {(namespace, request.user): ()} if request.user else {}
    book = (await read_batch(connection, named, replica)).book

    groups = book.groups_of(namespace, request.user, request.groups) if request.user else ()
    spender = Spender(request.user, groups, chain_of(book, namespace, request.chat, request.parent))
    theirs = Footprint(accounts=set(account_keys(rules[namespace], spender)))
    theirs.targets = {(namespace, target) for target in limit_targets_of(spender)}
    found = (await read_batch(connection, theirs, replica)).book
    found.namespaces, found.chains, found.groups = rules, book.chains, book.groups
    add_empty(found, theirs.accounts)
    return found
