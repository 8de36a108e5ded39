"""Chat trees (docs/semantics.md, Chats)."""

from almoner.v1.resources_pb2 import ChatRef

from tests.stateful.model.world import Refusal, World

MAX_LEVELS = 32


def chain_of(world: World, chat: str, parent: str) -> tuple[str, ...]:
    """Return the chats from the root to this one, as stored or as they would be."""
    if not chat:
        return ()
    if chat in world.parents:
        stored = world.parents[chat]
        if parent and parent != stored:
            raise Refusal("FAILED_PRECONDITION", "PARENT_CONFLICT")
        return (*chain_of(world, stored, ""), chat)
    above = chain_of(world, parent, "")
    if len(above) >= MAX_LEVELS:
        raise Refusal("FAILED_PRECONDITION", "CHAT_TOO_DEEP")
    return (*above, chat)


def require_possible(chat: ChatRef) -> None:
    """Raise Refusal if a chat is to be its own parent."""
    if chat.id and chat.id == chat.parent_id:
        raise Refusal("INVALID_ARGUMENT", "FIELD_NOT_ALLOWED")


def remember(world: World, chain: tuple[str, ...]) -> None:
    """Create what does not exist yet of a chain."""
    for parent, chat in zip(("", *chain), chain, strict=False):
        world.parents.setdefault(chat, parent)
