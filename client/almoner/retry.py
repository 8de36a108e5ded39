"""When to send a call again, and when to give up."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds the repetition of calls that met UNAVAILABLE, which go out again under the same ids.

    Pauses grow by the factor from `initial` to `ceiling` and are drawn evenly from half of that to all of it,
    so that callers who failed together do not come back together. The call's timeout bounds the whole.

    Raises:
        ValueError: `attempts` is below 1.
    """

    attempts: int = 20
    """How often to send at most, 1 for no repetition."""
    initial: float = 0.05
    """The first pause, in seconds."""
    factor: float = 2.0
    ceiling: float = 2.0
    """The longest pause, in seconds."""

    def __post_init__(self) -> None:
        attempts: object = self.attempts
        if not (isinstance(attempts, int) and attempts >= 1):
            raise ValueError(f"attempts: {attempts!r} is not a whole number of at least 1")

    def pauses(self) -> Iterator[float]:
        """Give the pause before each attempt after the first, in seconds."""
        pause = self.initial
        for _ in range(self.attempts - 1):
            yield pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
            pause = min(pause * self.factor, self.ceiling)
