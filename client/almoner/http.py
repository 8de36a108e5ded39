"""A refusal as HTTP, for web backends whose own caller ran out of quota."""

import math
from dataclasses import dataclass
from typing import Literal

from almoner.types.decision import Decision
from almoner.types.enums import RefusalReason
from almoner.types.limits import LimitStatus

RefusalStatus = Literal[402, 403, 409, 429]


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Carries what a web framework needs to answer. `body` can be dumped as JSON."""

    status: int
    headers: dict[str, str]
    body: dict[str, object]


def refusal_response(decision: Decision, status: RefusalStatus) -> HttpResponse:
    """Map a refusal to a problem document (RFC 9457) with `Retry-After` in whole seconds, rounded up.

    The body lists each refusing limit by what the refused user may know: no ids, and no spend of others.
    """
    busy = decision.reason is RefusalReason.BUSY
    headers = {"Content-Type": "application/problem+json"}
    body: dict[str, object] = {
        "title": "Quota busy" if busy else "Quota exceeded",
        "status": status,
        "detail": decision.message,
        "reason": str(decision.reason),
        "refused_by": [_limit_body(limit) for limit in decision.refused_by],
    }
    if decision.retry_after is not None:
        seconds = max(0, math.ceil(decision.retry_after.total_seconds()))
        headers["Retry-After"] = str(seconds)
        body["retry_after_seconds"] = seconds
    return HttpResponse(status, headers, body)


def _limit_body(limit: LimitStatus) -> dict[str, object]:
    return {
        "scope": str(limit.scope),
        "unit": limit.unit,
        "period": str(limit.period),
        "limit": limit.limit,
        "remaining": limit.remaining,
        "reset_time": limit.reset_time.isoformat() if limit.reset_time else None,
        "reason": str(limit.refusal_reason),
    }
