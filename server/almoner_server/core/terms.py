"""The closed sets of words. Numbers are those of the protobuf enums, so that nothing needs a table to cross over."""

from enum import IntEnum


class Period(IntEnum):
    """How long a window lasts (docs/semantics.md, Periods and windows)."""

    DAY = 1
    WEEK = 2
    MONTH = 3
    LIFETIME = 4


class TargetKind(IntEnum):
    """What a limit is set on (docs/semantics.md, Limits)."""

    NAMESPACE_DEFAULT = 1
    GROUP_DEFAULT = 2
    USER = 3
    CHAT = 4
    GROUP_POOL = 5
    NAMESPACE_POOL = 6


class Scope(IntEnum):
    """Which kind of limit was evaluated; refusals are listed in this order."""

    CHAT_LIFETIME = 1
    ACCOUNT_PERIOD = 2
    POOL = 3
    IN_FLIGHT = 4


class RefusalReason(IntEnum):
    """Why a limit refused (docs/semantics.md, Refusals)."""

    EXHAUSTED = 1
    BUSY = 2


class ExpiryAction(IntEnum):
    """What happens to an open hold at its expiry."""

    RELEASE = 1
    CHARGE = 2


class HoldState(IntEnum):
    """Where a hold is in its life. It leaves OPEN exactly once."""

    OPEN = 1
    COMMITTED = 2
    RELEASED = 3
    EXPIRED = 4


class Settlement(IntEnum):
    """How well the cost of a charge was known when it was booked."""

    ACTUAL = 1
    ESTIMATE = 2
    UNPRICED = 3


class ChargeOrigin(IntEnum):
    """Where a charge came from."""

    HOLD = 1
    DIRECT = 2
    EXPIRY = 3


class AdjustmentKind(IntEnum):
    """What an adjustment does to its charge."""

    REFUND = 1
    ACTUAL = 2


class GroupRule(IntEnum):
    """Which default wins when several groups of a user have one."""

    MIN = 1
    MAX = 2


class AccountKind(IntEnum):
    """What accumulates spend. The numbers are also the order in which rows are locked."""

    USER = 1
    CHAT = 2
    GROUP = 3
    NAMESPACE = 4


IN_FLIGHT = "in_flight"
"""The built-in unit: every open hold counts 1, nothing is ever spent."""
