"""Chat trees: a chat's chain runs from its root to itself and never changes (docs/semantics.md, Chats)."""

from almoner_server.core.book import Book
from almoner_server.core.errors import precondition

MAX_LEVELS = 32


def chain_of(book: Book, namespace: str, chat: str, parent: str) -> tuple[str, ...]:
    """Return the chain of `chat`, as stored or as it would become; () without a chat.

    Raises RequestFailed: PARENT_CONFLICT, CHAT_TOO_DEEP. A parent never seen before is a root.
    """
    if not chat:
        return ()
    chain = book.chains.get((namespace, chat))
    if chain is not None:
        _require_parent(chain, parent)
        return chain
    if not parent:
        return (chat,)
    above = book.chains.get((namespace, parent), (parent,))
    if len(above) >= MAX_LEVELS:
        raise precondition(
            "CHAT_TOO_DEEP",
            f"chat.id: {chat} would be at level {len(above) + 1}; a chat tree has at most {MAX_LEVELS} levels",
            field="chat.id",
            value=str(len(above) + 1),
            limit=str(MAX_LEVELS),
        )
    return (*above, chat)


def remember_chain(book: Book, namespace: str, chain: tuple[str, ...]) -> None:
    """Create the chats of the chain that do not exist yet. Above one that exists all do, read or not."""
    for level in range(len(chain), 0, -1):
        if (namespace, chain[level - 1]) in book.chains:
            return
        book.add_chat(namespace, chain[level - 1], chain[:level])


def _require_parent(chain: tuple[str, ...], parent: str) -> None:
    stored = chain[-2] if len(chain) > 1 else ""
    if parent and parent != stored:
        raise precondition(
            "PARENT_CONFLICT",
            f"chat.parent_id: {chain[-1]} has {'the parent ' + stored if stored else 'no parent'}, not {parent}",
            field="chat.parent_id",
            value=parent,
            limit=stored,
        )
