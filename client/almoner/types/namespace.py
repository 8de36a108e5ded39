"""An isolation boundary."""

from dataclasses import dataclass
from datetime import datetime

from almoner.types.enums import GroupRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """Shows an isolation boundary with its settings: every id lives in one."""

    name: str
    units: tuple[str, ...]
    """What it counts. `in_flight` is built in and not listed."""
    group_rule: GroupRule
    enabled: bool
    """Whether limits are enforced. If not, everything passes and spend is still booked."""
    etag: str
    create_time: datetime | None
