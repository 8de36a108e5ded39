"""The enums of the contract. A member's value is its name, as in the proto without the prefix.

Each has `UNKNOWN`, which stands for a value that this version does not know, sent by a newer server, or for
none. A server refuses it where a value is required.
"""

from enum import StrEnum


class Period(StrEnum):
    """Tells how long a window of a limit lasts. Windows are UTC, start inclusive and end exclusive."""

    UNKNOWN = "UNKNOWN"
    DAY = "DAY"
    WEEK = "WEEK"
    """An ISO 8601 week: Monday 00:00 to Monday 00:00, across year ends too."""
    MONTH = "MONTH"
    LIFETIME = "LIFETIME"
    """Everything ever spent. Never resets."""


class TargetKind(StrEnum):
    """Tells what a limit is set on, and what it counts."""

    UNKNOWN = "UNKNOWN"
    NAMESPACE_DEFAULT = "NAMESPACE_DEFAULT"
    """Every user of the namespace, each counted separately."""
    GROUP_DEFAULT = "GROUP_DEFAULT"
    """Every member of a group, each counted separately."""
    USER = "USER"
    """One user, in the place of every default."""
    CHAT = "CHAT"
    """A chat with all its descendants together. LIFETIME only, above 0."""
    GROUP_POOL = "GROUP_POOL"
    """All members of a group together."""
    NAMESPACE_POOL = "NAMESPACE_POOL"
    """Everybody in the namespace together."""


class Scope(StrEnum):
    """Tells which kind of limit was evaluated. Refusals are listed in this order."""

    UNKNOWN = "UNKNOWN"
    CHAT_LIFETIME = "CHAT_LIFETIME"
    ACCOUNT_PERIOD = "ACCOUNT_PERIOD"
    POOL = "POOL"
    IN_FLIGHT = "IN_FLIGHT"


class RefusalReason(StrEnum):
    """Tells why a check was refused."""

    UNKNOWN = "UNKNOWN"
    EXHAUSTED = "EXHAUSTED"
    """What is already spent leaves no room: the window must end or the limit must be raised."""
    BUSY = "BUSY"
    """It would fit once open holds settle: try again shortly, or wait."""


class ExpiryAction(StrEnum):
    """Tells what happens to an open hold at its expiry."""

    UNKNOWN = "UNKNOWN"
    RELEASE = "RELEASE"
    """The held amount is free again."""
    CHARGE = "CHARGE"
    """The held amount is booked as an estimate, until the real cost is told."""


class HoldState(StrEnum):
    """Tells where a hold is in its life. It leaves OPEN exactly once."""

    UNKNOWN = "UNKNOWN"
    OPEN = "OPEN"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class Settlement(StrEnum):
    """Tells how well the cost of a charge is known."""

    UNKNOWN = "UNKNOWN"
    ACTUAL = "ACTUAL"
    """The real cost."""
    ESTIMATE = "ESTIMATE"
    """A guess, open until an adjustment or a late commit gives the real cost."""
    UNPRICED = "UNPRICED"
    """Not known: units without a price count 0. Open until an adjustment."""


class ChargeOrigin(StrEnum):
    """Tells where a charge came from."""

    UNKNOWN = "UNKNOWN"
    HOLD = "HOLD"
    DIRECT = "DIRECT"
    EXPIRY = "EXPIRY"


class AdjustmentKind(StrEnum):
    """Tells what an adjustment does to its charge."""

    UNKNOWN = "UNKNOWN"
    REFUND = "REFUND"
    """Takes amounts off the charge, never below zero."""
    ACTUAL = "ACTUAL"
    """Puts the real cost in the place of an estimated or unpriced charge."""


class GroupRule(StrEnum):
    """Tells which default wins when several groups of a user have one."""

    UNKNOWN = "UNKNOWN"
    MIN = "MIN"
    """The smallest. MIN(unlimited, 5) is 5."""
    MAX = "MAX"
    """The largest. MAX(unlimited, 5) is unlimited."""


class AccountKind(StrEnum):
    """Tells what accumulates spend."""

    UNKNOWN = "UNKNOWN"
    USER = "USER"
    CHAT = "CHAT"
    GROUP = "GROUP"
    NAMESPACE = "NAMESPACE"
