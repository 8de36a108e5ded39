"""What is remembered: limits, holds, charges, adjustments, chats and the rules of a namespace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from almoner_server.core.terms import (
    AccountKind,
    AdjustmentKind,
    ChargeOrigin,
    ExpiryAction,
    GroupRule,
    HoldState,
    Period,
    Settlement,
    TargetKind,
)

Amounts = dict[str, int]
"""Unit -> amount, an int64 that is never negative."""
Attributes = Mapping[str, str]
"""Free labels."""


class AccountKey(NamedTuple):
    """Names an account. Sorting keys gives the one order in which rows are locked."""

    namespace: str
    kind: AccountKind
    id: str


class Target(NamedTuple):
    """Says what a limit is set on. `id` is empty for the namespace's two."""

    kind: TargetKind
    id: str


class LimitKey(NamedTuple):
    """Identifies a limit inside its namespace."""

    target: Target
    unit: str
    period: Period


@dataclass(frozen=True, slots=True)
class Limit:
    """Is a rule in force. `amount` None means an explicit unlimited."""

    key: LimitKey
    amount: int | None
    expire_time: datetime | None = None
    etag: str = ""
    update_time: datetime | None = None
    updated_by: str = ""


class Spender(NamedTuple):
    """Says whose accounts a hold or charge touches, fixed when it was admitted.

    `chain` runs from the root chat to the chat itself; empty without a chat. `groups` are sorted.
    """

    user: str
    groups: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()


@dataclass(slots=True)
class Hold:
    """Is an amount set aside. `held` is what is left of it, `spent` what commits have booked on it."""

    namespace: str
    id: UUID
    spender: Spender
    named_groups: tuple[str, ...]
    """Those of the spender's groups that the request named itself."""
    held: Amounts
    spent: Amounts
    state: HoldState
    admit_time: datetime
    window_time: datetime
    """Whose windows it counts in: when it was admitted, or when more was, on a later day."""
    expire_time: datetime
    on_expiry: ExpiryAction
    attributes: Attributes
    fingerprint: bytes
    """What the request said, hashed: tells a retry from another request under the same id."""
    answer: Sequence[Sequence[int | str | None]]
    """The decision given at admission, as core.answers encodes it: a retry gets it again."""
    admitted_expire_time: datetime
    """The expiry the first answer named; `expire_time` moves with Extend."""
    settle_time: datetime | None = None

    @property
    def was_charged_at_expiry(self) -> bool:
        """Tell whether its expiry has booked an estimate."""
        return self.state is HoldState.EXPIRED and self.on_expiry is ExpiryAction.CHARGE


class Charge(NamedTuple):
    """Is an amount booked. An adjustment makes another one of it, with another `net` and perhaps not `open`."""

    namespace: str
    id: UUID
    hold_id: UUID | None
    spender: Spender
    amounts: Amounts
    net: Amounts
    settlement: Settlement
    open: bool
    late: bool
    origin: ChargeOrigin
    occurred_at: datetime
    create_time: datetime
    attributes: Attributes
    overrun: Amounts
    fingerprint: bytes
    adjustment_count: int = 0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Is a correction of a charge. `change` is what it did to `net`, by unit, negative where it lowered it."""

    namespace: str
    id: UUID
    charge_id: UUID
    kind: AdjustmentKind
    amounts: Amounts
    change: dict[str, int]
    reason: str
    create_time: datetime
    fingerprint: bytes
    net_after: Amounts
    open_after: bool
    number: int
    """Which of its charge's adjustments it is, from 1: their times may be equal."""


@dataclass(frozen=True, slots=True, eq=False)
class NamespaceRules:
    """Holds what a whole namespace shares: settings and the limits that name no single user or chat.

    `revision` grows with every change of them; a transaction that finds another one reads them anew. Rules are compared
    by being the same object: what is derived from them can be remembered with them.
    """

    name: str
    units: frozenset[str]
    group_rule: GroupRule
    enabled: bool
    revision: int
    limits: dict[Target, tuple[Limit, ...]] = field(default_factory=dict)
    filling: frozenset[Target] = frozenset()
    """Pools that count already, and get their first limit once what was before is summed up."""
    pooled_groups: frozenset[str] = field(init=False)
    """The groups whose pools count, and so have an account row."""
    has_namespace_pool: bool = field(init=False)
    """Whether the pool of everybody counts."""

    def __post_init__(self) -> None:
        """Name the pools that count once, since every request asks for them."""
        pools = self.limits.keys() | self.filling
        groups = frozenset(target.id for target in pools if target.kind is TargetKind.GROUP_POOL)
        object.__setattr__(self, "pooled_groups", groups)
        object.__setattr__(self, "has_namespace_pool", Target(TargetKind.NAMESPACE_POOL, "") in pools)
