"""What came of delivering a journal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Counts what a replay of the journal did."""

    delivered: int = 0
    """Entries that the authority has now."""
    dead: int = 0
    """Entries that it refused for good: `almoner journal list` shows them."""
    left: int = 0
    """Entries that it could not take just now, and will be sent again."""

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(
            delivered=self.delivered + other.delivered,
            dead=self.dead + other.dead,
            left=self.left + other.left,
        )
