"""Who waits for room on which account, in the order of arrival. When to try whom is the room's business."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from typing import Generic, TypeVar

from almoner_server.core.records import AccountKey
from almoner_server.core.terms import AccountKind
from almoner_server.store.seams import tag_of

Member = TypeVar("Member")


class Line:
    """Holds the tickets of those who wait on one account, lowest first. `tag` names it in notifications."""

    __slots__ = ("tag", "tickets")

    def __init__(self, tag: int) -> None:
        self.tag = tag
        self.tickets: list[int] = []


class Lines(Generic[Member]):
    """Keeps a line for every account that somebody waits on. Tickets are given in the order of arrival.

    One may stand in several lines, and may join one late: the ticket, not the moment, says where.
    """

    def __init__(self) -> None:
        self._lines: dict[AccountKey, Line] = {}
        self._members: dict[int, Member] = {}
        self._kinds: Counter[tuple[str, AccountKind]] = Counter()

    def __len__(self) -> int:
        return len(self._members)

    @property
    def accounts(self) -> set[AccountKey]:
        """Name the accounts that somebody waits on."""
        return set(self._lines)

    def any_of(self, namespace: str, kind: AccountKind) -> bool:
        """Tell whether somebody waits on any account of a kind."""
        return self._kinds[namespace, kind] > 0

    def ahead(self, ticket: int, accounts: Iterable[AccountKey]) -> set[AccountKey]:
        """Return those of the accounts that somebody with a lower ticket waits on."""
        lines = self._lines
        return {key for key in accounts if key in lines and lines[key].tickets[0] < ticket}

    def first(self, account: AccountKey) -> Member | None:
        """Return who is first in the line of an account."""
        line = self._lines.get(account)
        return self._members[line.tickets[0]] if line else None

    def firsts(self) -> list[Member]:
        """Return everybody who is first in some line, each once, lowest ticket first."""
        tickets = sorted({line.tickets[0] for line in self._lines.values()})
        return [self._members[ticket] for ticket in tickets]

    def tagged(self, tags: frozenset[int]) -> list[AccountKey]:
        """Return the accounts that somebody waits on and whose tag is among `tags`."""
        return [key for key, line in self._lines.items() if line.tag in tags]

    def move(
        self, ticket: int, member: Member, old: set[AccountKey], new: set[AccountKey]
    ) -> list[AccountKey]:
        """Let a member stand in lines `new` instead of `old`; return the accounts it was first on."""
        for key in new - old:
            self._join(key, ticket)
        if new:
            self._members[ticket] = member
        changed = [key for key in old - new if self._leave(key, ticket)]
        if not new:
            self._members.pop(ticket, None)
        return changed

    def _join(self, key: AccountKey, ticket: int) -> None:
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(tag_of(key))
            self._kinds[key.namespace, key.kind] += 1
        insort(line.tickets, ticket)

    def _leave(self, key: AccountKey, ticket: int) -> bool:
        tickets = self._lines[key].tickets
        position = bisect_left(tickets, ticket)
        del tickets[position]
        if not tickets:
            del self._lines[key]
            self._kinds[key.namespace, key.kind] -= 1
            return False
        return position == 0
