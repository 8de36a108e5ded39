"""Who makes the calls of a trace, which names nobody: users, groups, chats and models.

Everything follows from the seed and the number of the call, so that two replays ask the same. A call's hash
(BLAKE2b of "seed:number") gives six numbers, evenly spread over 0 to 1, that choose in turn:

- the user: user-0001 is the busiest, the n-th makes 1/n of its calls (Zipf);
- one of the user's chat trees: tree t belongs to user t modulo users;
- the depth in the tree: half of the calls in the root chat-0001, 3 in 10 in one of its three children
  chat-0001.1, the rest in one of the three children of that, chat-0001.1.1 (two numbers choose the branch);
- the model, by its share of the calls.

User n is in group n modulo groups, every fourth user in the next group as well.
"""

from bisect import bisect
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate

from almoner.cli.replay.prices import MODELS, Model

BRANCHES = 3
_DEPTHS = (0.5, 0.8)
"""Up to which number a call is in a root, in a child; above, in a grandchild."""
_LARGEST = 2**32


@dataclass(frozen=True, slots=True)
class Caller:
    """Names who makes a call, where, and with which model."""

    user: str
    groups: tuple[str, ...]
    chats: tuple[str, ...]
    """The chat and those above it, root first. Empty if the user has none."""
    model: Model

    @property
    def chat(self) -> str | None:
        """Name the chat of the call."""
        return self.chats[-1] if self.chats else None

    @property
    def parent(self) -> str | None:
        """Name the chat that started it."""
        return self.chats[-2] if len(self.chats) > 1 else None


class Assignment:
    """Gives every call of a trace its caller.

    Args:
        users: How many users, at least 1.
        groups: How many groups, at least 0.
        chats: How many chat trees, at least 0.
        seed: Another seed, another assignment.
    """

    def __init__(self, *, users: int, groups: int, chats: int, seed: int) -> None:
        self._users, self._groups, self._trees, self._seed = users, groups, chats, seed
        self._calls_up_to = list(accumulate(1 / place for place in range(1, users + 1)))
        self._share_up_to = list(accumulate(model.share for model in MODELS))

    def caller(self, number: int) -> Caller:
        """Give the caller of one call."""
        user, tree, depth, child, grandchild, model = _numbers(self._seed, number)
        index = _pick(self._calls_up_to, user)
        return Caller(
            user=f"user-{index + 1:04}",
            groups=self._groups_of(index),
            chats=self._chats_of(index, tree, bisect(_DEPTHS, depth), (child, grandchild)),
            model=MODELS[_pick(self._share_up_to, model)],
        )

    def _groups_of(self, user: int) -> tuple[str, ...]:
        places = (user, user + 1) if user % 4 == 3 else (user,)
        return tuple(sorted({f"group-{place % self._groups + 1:02}" for place in places if self._groups}))

    def _chats_of(self, user: int, tree: float, depth: int, branches: tuple[float, ...]) -> tuple[str, ...]:
        trees = range(user, self._trees, self._users)
        if not trees:
            return ()
        chain = [f"chat-{trees[int(tree * len(trees))] + 1:04}"]
        for branch in branches[:depth]:
            chain.append(f"{chain[-1]}.{int(branch * BRANCHES) + 1}")
        return tuple(chain)


def _numbers(seed: int, number: int) -> list[float]:
    digest = blake2b(f"{seed}:{number}".encode(), digest_size=24).digest()
    return [int.from_bytes(digest[at : at + 4], "big") / _LARGEST for at in range(0, len(digest), 4)]


def _pick(up_to: list[float], number: float) -> int:
    """Pick an index by its part of the whole, given the running sums of the parts."""
    return min(bisect(up_to, number * up_to[-1]), len(up_to) - 1)
