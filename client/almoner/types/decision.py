"""The answer to "may this be spent?"."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from almoner.types.enums import RefusalReason
from almoner.types.limits import LimitStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Says yes or no, and why."""

    allowed: bool
    reason: RefusalReason | None
    """Why not: EXHAUSTED if it is so for one limit, else BUSY. None if allowed."""
    limits: tuple[LimitStatus, ...]
    """Every limit that was evaluated, before this call's own amounts."""
    refused_by: tuple[LimitStatus, ...]
    """Those that refused: chats first, root before child, then the user's, then pools, then in-flight."""
    retry_after: timedelta | None
    """When trying again makes sense. None: not by waiting."""
    message: str
    """One English sentence for people."""
    degraded: bool = False
    """Allowed without asking the store, which the server could not reach. Nothing is held."""

    def raise_for_refusal(self) -> None:
        """Do nothing if allowed.

        Raises:
            QuotaExceeded: Some limit is exhausted.
            QuotaBusy: It would fit once open holds settle.
        """
        if not self.allowed:
            from almoner.errors import refused  # the errors carry this type

            raise refused(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Answers one check: the decision and, if it holds, the hold."""

    decision: Decision
    hold_id: str | None
    hold_expire_time: datetime | None
