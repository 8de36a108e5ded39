"""A refusal as HTTP, for web backends whose own caller ran out of quota."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from almoner.types.decision import Decision
from almoner.types.enums import Period, RefusalReason, TargetKind
from almoner.types.limits import LimitStatus

RefusalStatus = Literal[402, 403, 409, 429]
_SHARED = {TargetKind.GROUP_POOL, TargetKind.NAMESPACE_POOL}
_EVERY = {Period.DAY: "daily ", Period.WEEK: "weekly ", Period.MONTH: "monthly "}


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Carries what a web framework needs to answer. `body` can be dumped as JSON."""

    status: int
    headers: dict[str, str]
    body: dict[str, object]


def refusal_response(decision: Decision, status: RefusalStatus) -> HttpResponse:
    """Map a refusal to a problem document (RFC 9457) with `Retry-After` in whole seconds, rounded up.

    The body may go to the refused user as it is: it names the limits that refused, but no user, group or chat,
    and of a pool not what the others have left of it. `decision.message` names them, for the backend's own log.

    Raises:
        ValueError: The status is not one that fits a refusal.
    """
    if status not in (fitting := get_args(RefusalStatus)):
        raise ValueError(f"status: {status!r} is not one of {', '.join(map(str, fitting))}")
    busy = decision.reason is RefusalReason.BUSY
    headers = {"Content-Type": "application/problem+json"}
    body: dict[str, object] = {
        "title": "Quota busy" if busy else "Quota exceeded",
        "status": status,
        "detail": _detail(decision),
        "reason": str(decision.reason),
        "refused_by": [_limit_body(limit) for limit in decision.refused_by],
    }
    if decision.retry_after is not None:
        seconds = max(0, math.ceil(decision.retry_after.total_seconds()))
        headers["Retry-After"] = str(seconds)
        body["retry_after_seconds"] = seconds
    return HttpResponse(status, headers, body)


def _detail(decision: Decision) -> str:
    """Say which limit refused first and what to do about it, in words without ids."""
    if not decision.refused_by:
        return "A limit does not allow it."
    limit = decision.refused_by[0]
    shared = "shared " if limit.source.kind in _SHARED else ""
    what = f"The {shared}{_EVERY.get(limit.period, '')}limit on {limit.unit.removesuffix('_micros')}"
    if limit.refusal_reason is RefusalReason.BUSY:
        return f"{what} is taken up by calls that are still under way; try again shortly."
    when = f"; it resets on {limit.reset_time:%Y-%m-%d at %H:%M} UTC" if limit.reset_time else ""
    return f"{what} {'has too little left' if limit.remaining else 'is used up'}{when}."


def _limit_body(limit: LimitStatus) -> dict[str, object]:
    return {
        "scope": str(limit.scope),
        "unit": limit.unit,
        "period": str(limit.period),
        "limit": limit.limit,
        "remaining": None if limit.source.kind in _SHARED else limit.remaining,
        "reset_time": limit.reset_time.isoformat() if limit.reset_time else None,
        "reason": str(limit.refusal_reason),
    }
