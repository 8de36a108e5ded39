"""A decision as plain data, kept with its hold: a retry gets the same answer again."""

from collections.abc import Sequence
from typing import Any

from almoner_server.core.calendar import window
from almoner_server.core.records import Target
from almoner_server.core.requests import Decision, LimitStatus
from almoner_server.core.terms import Period, Scope, TargetKind

Row = tuple[Scope, TargetKind, str, str, Period, int | None, int, int]


def encode(decision: Decision) -> list[Row]:
    """Encode an allowed decision. Its windows are those of the day of the admission and need not be kept."""
    return [
        (scope, source.kind, source.id, unit, period, limit, spent, held)
        for scope, source, unit, period, limit, spent, held, _, _, _ in decision.limits
    ]


def decode(rows: Sequence[Sequence[Any]], day: int) -> Decision:
    """Decode what `encode` made of a decision of `day` (an ordinal), whatever it went through."""
    return Decision(tuple(_status(row, day) for row in rows))


def _status(row: Sequence[Any], day: int) -> LimitStatus:
    scope, kind, ident, unit, number, limit, spent, held = row
    source, period = Target(TargetKind(kind), ident), Period(number)
    return LimitStatus(Scope(scope), source, unit, period, limit, spent, held, *window(period, day))
