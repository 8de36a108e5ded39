"""The items of `check_many` and `commit_many`: the arguments of single calls as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from almoner.amounts import Amount
from almoner.ids import new_id
from almoner.types.enums import ExpiryAction, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOptions:
    """Asks for the amounts to be set aside, under an id that is made here."""

    id: str = field(default_factory=new_id)
    ttl: float | timedelta = 600.0
    """Seconds to live, 1 s to 24 h."""
    on_expiry: ExpiryAction = ExpiryAction.RELEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Asks whether amounts may be spent. Without `hold` nothing is stored."""

    user: str
    groups: tuple[str, ...] = ()
    chat: str | None = None
    parent: str | None = None
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    hold: HoldOptions | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Tells what was spent: on a hold, or directly, which needs a `user`.

    A `charge_id` is made here where one is needed: for a direct charge and a partial commit.
    """

    amounts: Mapping[str, Amount] = field(default_factory=dict)
    hold_id: str | None = None
    charge_id: str | None = None
    partial: bool = False
    settlement: Settlement = Settlement.ACTUAL
    user: str | None = None
    groups: tuple[str, ...] = ()
    chat: str | None = None
    parent: str | None = None
    occurred_at: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.charge_id is None and (self.partial or self.hold_id is None):
            object.__setattr__(self, "charge_id", new_id())
