"""Who spends: many users, or many calls on one account. And what the calls look like on the wire."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from almoner import Check, Commit, HoldOptions
from almoner.wire.requests import check_request, commit_request

NAMESPACE = "default"
USD = "usd_micros"
HELD, SPENT = 1200, 1000
"""Micro-dollars set aside for a call, and what it costs."""
POOLS, TREES = 200, 500
"""Groups and chat trees that spread traffic is spread over."""
CHATS = 64
"""Chats below the one root of a hot tree."""
NO_ID = "00000000-0000-7000-8000-000000000000"
"""Stands for the hold's id in a request made beforehand."""


class Shape(StrEnum):
    """Says which accounts the calls have in common. Each hot shape has a spread twin of the same width."""

    SPREAD = "spread users"
    HOT_USER = "one hot user"
    SPREAD_POOLS = "spread pools"
    HOT_POOL = "one hot pool"
    SPREAD_TREES = "spread chat trees"
    HOT_TREE = "one hot chat tree"


@dataclass(frozen=True, slots=True)
class Spender:
    """Says for whom a call is made."""

    user: str
    groups: tuple[str, ...] = ()
    chat: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Says who spends, in turns: call `n` is made for spender `n` modulo their number."""

    shape: Shape = Shape.SPREAD
    users: int = 2000
    first: int = 0
    stride: int = 1
    """Distance between one user's number and the next, to pick some of many."""
    held: int = HELD
    spent: int = SPENT

    def spenders(self) -> list[Spender]:
        """List the spenders in turn."""
        count = 1 if self.shape is Shape.HOT_USER else self.users
        return [_spender(self.shape, self.first + number * self.stride) for number in range(count)]


def user_id(number: int) -> str:
    """Name a user; all names are equally long."""
    return f"user-{number:08d}"


def _spender(shape: Shape, number: int) -> Spender:
    user = user_id(number)
    match shape:
        case Shape.SPREAD_POOLS:
            return Spender(user, groups=(f"group-{number % POOLS}",))
        case Shape.HOT_POOL:
            return Spender(user, groups=("group-0",))
        case Shape.SPREAD_TREES:
            return Spender(user, chat=f"chat-{number % TREES}", parent=f"root-{number % TREES}")
        case Shape.HOT_TREE:
            return Spender(user, chat=f"hot-chat-{number % CHATS}", parent="root")
        case _:
            return Spender(user)


class Wire:
    """Writes requests as bytes: only ids differ from call to call, so the rest is serialized once.

    A generator that serialized each request would cost as much as the server it measures.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._checks = [_halves(_check_bytes(spender, traffic.held)) for spender in traffic.spenders()]
        self._commit = _halves(_commit_bytes(traffic.spent))
        self._check_tags = [_tag(head, tail) for head, tail in self._checks]
        self._commit_tag = _tag(*self._commit)

    def check(self, number: int, hold_id: bytes) -> bytes:
        """Write a CheckQuotaRequest with a hold, for spender `number` in turn."""
        head, tail = self._checks[number % len(self._checks)]
        return head + hold_id + tail

    def commit(self, hold_id: bytes) -> bytes:
        """Write the CommitRequest that settles a hold."""
        head, tail = self._commit
        return head + hold_id + tail

    def checks(self, number: int, hold_ids: list[bytes]) -> bytes:
        """Write a BatchCheckQuotaRequest, for the spenders from `number` on."""
        return b"".join(self._tagged_checks(number, hold_ids))

    def commits(self, hold_ids: list[bytes]) -> bytes:
        """Write a BatchCommitRequest."""
        return b"".join(self._commit_tag + self.commit(hold_id) for hold_id in hold_ids)

    def _tagged_checks(self, number: int, hold_ids: list[bytes]) -> Iterator[bytes]:
        for place, hold_id in enumerate(hold_ids, start=number):
            yield self._check_tags[place % len(self._check_tags)] + self.check(place, hold_id)


def _check_bytes(spender: Spender, held: int) -> bytes:
    check = Check(
        user=spender.user,
        groups=spender.groups,
        chat=spender.chat,
        parent=spender.parent,
        amounts={USD: held},
        hold=HoldOptions(id=NO_ID),
    )
    return check_request(NAMESPACE, check).SerializeToString()


def _commit_bytes(spent: int) -> bytes:
    return commit_request(NAMESPACE, Commit(hold_id=NO_ID, amounts={USD: spent})).SerializeToString()


def _halves(request: bytes) -> tuple[bytes, bytes]:
    head, tail = request.split(NO_ID.encode())
    return head, tail


def _tag(head: bytes, tail: bytes) -> bytes:
    """Return what stands before a message as an item of field 1: its key, and its length as a varint."""
    length, encoded = len(head) + len(NO_ID) + len(tail), b"\x0a"
    while length > 127:
        encoded, length = encoded + bytes([length & 127 | 128]), length >> 7
    return encoded + bytes([length])
