"""Random histories of one namespace, as hypothesis makes and shrinks them.

The story of a failure is the list of steps that hypothesis prints: each says in few words what was called.
"""

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.stateful.rules.looking import Looking
from tests.stateful.rules.often import Often
from tests.stateful.rules.passing import Passing
from tests.stateful.rules.ruling import some_limit
from tests.stateful.rules.together import Together
from tests.stateful.values import STARTS


class Authority(Often, Passing, Looking, Together):
    """Plays random histories."""

    @initialize(
        start=st.integers(0, len(STARTS) - 1),
        limits=st.lists(st.tuples(some_limit, st.integers(1, 6)), min_size=1, max_size=4),
    )
    def begin_at(self, start: int, limits: list[tuple[dict[str, str], int]]) -> None:
        self.begin(start)
        for on, amount in limits:
            self.set_limit(on, amount, None, "")


class InRealTime(Authority):
    """Plays random histories while the clock runs, as it does in production: a server then uses what it remembers."""

    sets_clock = False
