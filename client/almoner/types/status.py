"""What is left, of which limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from almoner.types.enums import Period
from almoner.types.limits import LimitStatus
from almoner.types.parties import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Shows the spend of one account in one unit and one window, limited or not."""

    unit: str
    period: Period
    spent: int
    held: int
    window_start_time: datetime | None
    """Inclusive. None for LIFETIME."""
    reset_time: datetime | None
    """The window's end, exclusive. None for LIFETIME."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """Shows what one account has spent and what is still open on it."""

    account: Account
    usages: tuple[Usage, ...]
    """Every unit of the namespace in every period."""
    open_holds: int
    open_estimates: int
    """Estimated charges whose real cost is still to come."""
    open_unpriced: int
    """Unpriced charges whose real cost is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Shows what is left for a user, a chat, or both."""

    limits: tuple[LimitStatus, ...]
    """Every limit in force."""
    accounts: tuple[AccountStatus, ...]
    """The user, then each chat from the root to the one named."""
    chat_chain: tuple[str, ...]
    """From the root to the chat. Empty without a chat."""
    chat_remaining: Mapping[str, int]
    """The smallest remaining along the chain, by unit. Units no chat of it limits are left out."""
    as_of_time: datetime
