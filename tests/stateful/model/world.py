"""What the model keeps: lists of everything that ever happened."""

from dataclasses import dataclass, field
from datetime import datetime

from almoner.v1.admin_service_pb2 import SetLimitResponse
from almoner.v1.quota_service_pb2 import AdjustRequest, AdjustResponse, CheckQuotaResponse, CommitResponse
from almoner.v1.resources_pb2 import (
    Charge,
    ExpiryAction,
    GroupRule,
    HoldState,
    Limit,
    LimitChange,
    Period,
    TargetKind,
)

IN_FLIGHT = "in_flight"
Content = tuple[object, ...]
LimitKey = tuple[TargetKind.ValueType, str, str, Period.ValueType]
"""Target kind, target id, unit, period."""


class Refusal(Exception):
    """Is an error: the name of its gRPC code and its reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Spender:
    """Says which accounts a spend counts on: a user's, those of chats from the root on, those of groups."""

    user: str
    groups: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()

    def counts_on(self, kind: str, name: str) -> bool:
        """Tell whether the spend of this one counts on an account."""
        return {
            "user": name == self.user,
            "chat": name in self.chain,
            "group": name in self.groups,
            "namespace": True,
        }[kind]


@dataclass
class HoldEntry:
    """Is a hold."""

    id: str
    spender: Spender
    held: dict[str, int]
    admit_time: datetime
    window_time: datetime
    named_groups: set[str]
    expire_time: datetime
    on_expiry: ExpiryAction.ValueType
    attributes: dict[str, str]
    content: Content
    answer: CheckQuotaResponse
    state: HoldState.ValueType = HoldState.HOLD_STATE_OPEN
    settle_time: datetime | None = None

    @property
    def open(self) -> bool:
        """Tell whether it is still open."""
        return self.state == HoldState.HOLD_STATE_OPEN


@dataclass
class ChargeEntry:
    """Is a charge. `net` is what it comes to after its adjustments; the message is as first booked."""

    message: Charge
    spender: Spender
    occurred_at: datetime
    net: dict[str, int]
    open: bool
    content: Content = ()
    answer: CommitResponse = field(default_factory=CommitResponse)
    adjustments: list[tuple[AdjustRequest, AdjustResponse]] = field(default_factory=list)


@dataclass
class World:
    """Is a namespace with all that ever happened in it."""

    create_time: datetime
    now: datetime
    units: set[str]
    group_rule: GroupRule.ValueType = GroupRule.GROUP_RULE_MIN
    enabled: bool = True
    limits: dict[LimitKey, Limit] = field(default_factory=dict)
    changes: list[LimitChange] = field(default_factory=list)
    top_ups: dict[str, tuple[Content, SetLimitResponse]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    holds: dict[str, HoldEntry] = field(default_factory=dict)
    charges: dict[str, ChargeEntry] = field(default_factory=dict)
    versions: int = 0

    def require_units(self, units: set[str]) -> None:
        """Raise Refusal unless all are declared."""
        if units - self.units:
            raise Refusal("INVALID_ARGUMENT", "UNKNOWN_UNIT")

    def groups_of(self, user: str, named: set[str]) -> tuple[str, ...]:
        """Return the groups stored for a user together with those a request names."""
        return tuple(sorted(self.groups.get(user, set()) | named))

    def spent(self, kind: str, name: str, unit: str, inside: tuple[datetime, datetime] | None) -> int:
        """Sum the charges of an account in a window."""
        return sum(
            charge.net.get(unit, 0)
            for charge in self.charges.values()
            if charge.spender.counts_on(kind, name)
            and (inside is None or inside[0] <= charge.occurred_at < inside[1])
        )

    def held(self, kind: str, name: str, unit: str, inside: tuple[datetime, datetime] | None) -> int:
        """Sum the open holds of an account in a window."""
        return sum(
            1 if unit == IN_FLIGHT else hold.held.get(unit, 0)
            for hold in self.holds.values()
            if hold.open
            and hold.spender.counts_on(kind, name)
            and (inside is None or inside[0] <= hold.window_time < inside[1])
        )
