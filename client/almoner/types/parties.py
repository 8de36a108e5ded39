"""Who spends and what a limit is set on."""

from dataclasses import dataclass

from almoner.types.enums import AccountKind, TargetKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Names who spends: a user and the groups it is in for this call, besides those stored."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Names a conversation or an agent run, and the chat that started it."""

    id: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Names what a limit is set on. `id` is empty for the namespace's default and pool.

    As a filter, a kind without an id stands for every target of that kind.
    """

    kind: TargetKind
    id: str = ""

    @classmethod
    def user(cls, user: str) -> "Target":
        """Name a user, whose limit takes the place of every default."""
        return cls(TargetKind.USER, user)

    @classmethod
    def chat(cls, chat: str) -> "Target":
        """Name a chat with all its descendants."""
        return cls(TargetKind.CHAT, chat)

    @classmethod
    def group_default(cls, group: str) -> "Target":
        """Name every member of a group, each counted separately."""
        return cls(TargetKind.GROUP_DEFAULT, group)

    @classmethod
    def group_pool(cls, group: str) -> "Target":
        """Name all members of a group together."""
        return cls(TargetKind.GROUP_POOL, group)

    @classmethod
    def namespace_default(cls) -> "Target":
        """Name every user of the namespace, each counted separately."""
        return cls(TargetKind.NAMESPACE_DEFAULT)

    @classmethod
    def namespace_pool(cls) -> "Target":
        """Name everybody in the namespace together."""
        return cls(TargetKind.NAMESPACE_POOL)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}" if self.id else str(self.kind)


@dataclass(frozen=True, slots=True)
class Account:
    """Names an account: whatever accumulates spend. `id` is empty for the namespace pool."""

    kind: AccountKind
    id: str = ""
