"""What may be asked of a batch. Everything here has been validated; times and ids are complete.

What every check and commit makes is a NamedTuple: a frozen dataclass takes four times as long to make.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from almoner_server.core.records import AccountKey, Adjustment, Amounts, Attributes, Charge, Hold, Target
from almoner_server.core.terms import AdjustmentKind, ExpiryAction, Period, RefusalReason, Scope, Settlement

NO_ATTRIBUTES: Attributes = {}


class HoldOptions(NamedTuple):
    """Says how to set amounts aside."""

    id: UUID
    ttl: timedelta
    on_expiry: ExpiryAction
    is_unnamed: bool = False
    """The id was made here: before the answer nobody else knows it."""


class Check(NamedTuple):
    """Asks whether `user` may spend `amounts`; with `hold`, sets them aside."""

    namespace: str
    user: str
    groups: tuple[str, ...]
    chat: str
    parent: str
    amounts: Amounts
    hold: HoldOptions | None = None
    attributes: Attributes = NO_ATTRIBUTES


class Commit(NamedTuple):
    """Books what was spent, on `hold_id` or, without one, directly for `user`."""

    namespace: str
    hold_id: UUID | None
    charge_id: UUID
    amounts: Amounts
    partial: bool
    settlement: Settlement
    user: str
    groups: tuple[str, ...]
    chat: str
    parent: str
    occurred_at: datetime | None = None
    attributes: Attributes = NO_ATTRIBUTES


@dataclass(frozen=True, slots=True)
class Release:
    """Gives a hold back."""

    namespace: str
    hold_id: UUID


@dataclass(frozen=True, slots=True)
class Extend:
    """Changes an open hold: new totals by unit, a new time to live, or both."""

    namespace: str
    hold_id: UUID
    amounts: Amounts
    ttl: timedelta | None


@dataclass(frozen=True, slots=True)
class Expire:
    """Ends a hold whose time has run out. Asked by the sweeper only; does nothing otherwise."""

    namespace: str
    hold_id: UUID


@dataclass(frozen=True, slots=True)
class Adjust:
    """Corrects a charge."""

    namespace: str
    charge_id: UUID
    adjustment_id: UUID
    kind: AdjustmentKind
    amounts: Amounts
    reason: str


Request = Check | Commit | Release | Extend | Expire | Adjust


class LimitStatus(NamedTuple):
    """Is one limit as evaluated for one account at one moment. `limit` None means unlimited."""

    scope: Scope
    source: Target
    unit: str
    period: Period
    limit: int | None
    spent: int
    held: int
    window_start: datetime | None
    reset_time: datetime | None
    refusal: RefusalReason | None = None

    @property
    def remaining(self) -> int | None:
        """Compute what is left, never below 0; None if unlimited."""
        return None if self.limit is None else max(0, self.limit - self.spent - self.held)


class Decision(NamedTuple):
    """Answers a check: every limit evaluated, in listing order, and those that refused."""

    limits: tuple[LimitStatus, ...]
    reason: RefusalReason | None = None
    retry_after: timedelta | None = None

    @property
    def allowed(self) -> bool:
        """Tell whether every limit passed."""
        return self.reason is None

    @property
    def refused_by(self) -> tuple[LimitStatus, ...]:
        """Pick the limits that refused."""
        return tuple(limit for limit in self.limits if limit.refusal is not None)


class CheckResult(NamedTuple):
    """Answers a Check. `blocked_on` names the accounts that were in the way, for whoever waits."""

    decision: Decision
    hold_id: UUID | None = None
    hold_expire_time: datetime | None = None
    blocked_on: tuple[AccountKey, ...] = ()


class CommitResult(NamedTuple):
    """Answers a Commit."""

    charge: Charge
    replayed: bool


@dataclass(frozen=True, slots=True)
class HoldResult:
    """Answers a Release or an Expire; and an Extend, with its decision."""

    hold: Hold
    decision: Decision | None = None


class AdjustResult(NamedTuple):
    """Answers an Adjust."""

    charge: Charge
    adjustment: Adjustment
    replayed: bool


Result = CheckResult | CommitResult | HoldResult | AdjustResult
