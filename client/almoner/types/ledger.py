"""Amounts set aside, amounts booked, and their corrections. All amounts are by unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from almoner.types.enums import AdjustmentKind, ChargeOrigin, ExpiryAction, HoldState, Settlement
from almoner.types.parties import Chat, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldInfo:
    """Shows an amount set aside by an allowed check, as it was at one moment."""

    id: str
    subject: Subject
    """Who holds, with the groups it was admitted under."""
    chat: Chat | None
    held: Mapping[str, int]
    """What is still set aside. Empty once settled."""
    spent: Mapping[str, int]
    """What partial and final commits have booked on it."""
    state: HoldState
    admit_time: datetime
    window_time: datetime
    """Whose windows it and its charges count in: when it was admitted, or when more was on a later day."""
    expire_time: datetime
    on_expiry: ExpiryAction
    settle_time: datetime | None
    """None while OPEN."""
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Records a correction of a charge: an immutable entry of the ledger."""

    id: str
    charge_id: str
    kind: AdjustmentKind
    amounts: Mapping[str, int]
    """As given by the caller."""
    change: Mapping[str, int]
    """What it changed. Negative lowers the charge."""
    reason: str
    create_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Records an amount booked: an immutable entry of the ledger."""

    id: str
    hold_id: str | None
    """The hold it was committed on. None for a direct charge."""
    subject: Subject
    chat: Chat | None
    amounts: Mapping[str, int]
    """What was booked."""
    net_amounts: Mapping[str, int]
    """What it comes to after all adjustments."""
    settlement: Settlement
    """How well the cost was known when it was booked."""
    open: bool
    """Whether the real cost is still to come."""
    late: bool
    """Whether the hold was no longer open when it was booked."""
    origin: ChargeOrigin
    occurred_at: datetime
    """Which windows it counts in."""
    create_time: datetime
    attributes: Mapping[str, str]
    adjustments: tuple[Adjustment, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """Answers a commit."""

    charge: Charge
    overrun: Mapping[str, int]
    """By how much the cost went past what was held. Held units only."""
    replayed: bool
    """Whether this charge had been booked before."""
    pending: bool = False
    """Whether it is in the journal only, on disk here, to be booked when the authority is back.

    `charge` is then what will be booked, as far as this side knows: its times are this machine's, `overrun` is
    empty, and groups that the authority stores for the user are missing.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """Answers an adjustment: the charge as it now is."""

    charge: Charge
    adjustment: Adjustment
    replayed: bool
    """Whether this adjustment had been booked before."""
