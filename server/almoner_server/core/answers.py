"""A decision as compact text, kept with its hold: a retry gets the same answer again."""

import json
from datetime import UTC, datetime

from almoner_server.core.records import Target
from almoner_server.core.requests import Decision, LimitStatus
from almoner_server.core.terms import Period, Scope, TargetKind


def encode(decision: Decision) -> str:
    """Encode an allowed decision. Windows are kept as their start and end in seconds."""
    rows = [
        (
            status.scope,
            status.source.kind,
            status.source.id,
            status.unit,
            status.period,
            status.limit,
            status.spent,
            status.held,
            status.window_start and int(status.window_start.timestamp()),
            status.reset_time and int(status.reset_time.timestamp()),
        )
        for status in decision.limits
    ]
    return json.dumps(rows, separators=(",", ":")) if rows else "[]"


def decode(text: str) -> Decision:
    """Decode what `encode` made."""
    return Decision(
        tuple(
            LimitStatus(
                Scope(scope),
                Target(TargetKind(kind), ident),
                unit,
                Period(period),
                limit,
                spent,
                held,
                _moment(start),
                _moment(end),
            )
            for scope, kind, ident, unit, period, limit, spent, held, start, end in json.loads(text)
        )
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
