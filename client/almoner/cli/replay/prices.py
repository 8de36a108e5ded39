"""What models cost: a small table, and exact arithmetic on it.

The prices are of the order of what is paid for models of three sizes; they belong to no model in particular.
"""

from dataclasses import dataclass

_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """Has a price for tokens that go in and one for those that come out."""

    name: str
    share: float
    """The part of all calls that go to it."""
    context_price: int
    """Micro-dollars for a million tokens in."""
    generated_price: int
    """Micro-dollars for a million tokens out."""

    def cost(self, context: int, generated: int) -> int:
        """Price a call in micro-dollars; a fraction of one rounds up, once."""
        return -(-(context * self.context_price + generated * self.generated_price) // _TOKENS)


MODELS = (
    Model("small", 0.6, 150_000, 600_000),
    Model("medium", 0.3, 1_000_000, 4_000_000),
    Model("large", 0.1, 3_000_000, 15_000_000),
)
