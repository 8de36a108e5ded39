"""Limits as they are set, as they are evaluated, and as they were changed."""

from dataclasses import dataclass
from datetime import datetime

from almoner.types.enums import Period, RefusalReason, Scope
from almoner.types.parties import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Says who may spend how much of what in which period."""

    target: Target
    unit: str
    period: Period
    amount: int | None
    """How much, in the unit. None: an explicit "unlimited"."""
    expire_time: datetime | None
    """In force strictly before this time. None: always."""
    etag: str
    update_time: datetime | None
    updated_by: str

    @property
    def unlimited(self) -> bool:
        """Tell whether this limit is an explicit "unlimited"."""
        return self.amount is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStatus:
    """Shows a limit as evaluated for one account at one moment."""

    scope: Scope
    source: Target
    """Where the value comes from: the tier with its user or group, the chat, or the pool."""
    unit: str
    period: Period
    limit: int | None
    """How much may be spent, in the unit. None: an explicit "unlimited"."""
    spent: int
    """Committed in the window."""
    held: int
    """On open holds in the window."""
    remaining: int | None
    """max(0, limit - spent - held). None if unlimited."""
    window_start_time: datetime | None
    """Inclusive. None for LIFETIME."""
    reset_time: datetime | None
    """The window's end, exclusive: when `spent` starts again at 0. None for LIFETIME."""
    refusal_reason: RefusalReason | None
    """Set if this limit refused."""

    @property
    def unlimited(self) -> bool:
        """Tell whether an explicit "unlimited" is in force."""
        return self.limit is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """Records one change of one limit."""

    id: str
    target: Target
    unit: str
    period: Period
    before: Limit | None
    """None if there was none."""
    after: Limit | None
    """None if it was deleted."""
    change_time: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """Answers a raise by a delta: the limit in force, and whether this delta had been applied before."""

    limit: Limit
    replayed: bool
