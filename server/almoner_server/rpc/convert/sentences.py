"""A decision in one sentence that a person can read. Programs read the decision itself."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from almoner_server.core.records import Target
from almoner_server.core.requests import Decision, LimitStatus
from almoner_server.core.terms import IN_FLIGHT, Period, RefusalReason, TargetKind
from almoner_server.rpc.convert.amounts import in_words

DEGRADED = "Allowed without asking: the store cannot be reached, nothing is held."
_PER = {
    Period.DAY: " per day",
    Period.WEEK: " per week",
    Period.MONTH: " per month",
    Period.LIFETIME: " in all",
}


def sentence(decision: Decision, wanted: Mapping[str, int]) -> str:
    """Say whether `wanted` may be spent, which limit said no first, what is left of it and until when."""
    if decision.reason is not None:
        return _refusal(decision.refused_by, wanted)
    tightest = _tightest(decision.limits)
    if tightest is None:
        return "Allowed; no limit applies."
    left = in_words(tightest.remaining or 0, tightest.unit)
    return f"Allowed; closest is {_name_of(tightest)}, which had {left} left{_until(tightest.reset_time)}."


def _refusal(refused_by: tuple[LimitStatus, ...], wanted: Mapping[str, int]) -> str:
    first, others = refused_by[0], len(refused_by) - 1
    also = f" {others} more limit{'' if others == 1 else 's'} refused too." if others else ""
    return f"Refused: {_name_of(first)} {_shortage(first, wanted)}; {_way_out(first)}.{also}"


def _shortage(limit: LimitStatus, wanted: Mapping[str, int]) -> str:
    asked = wanted.get(limit.unit, 0)
    if not asked or not limit.remaining:
        return "is used up"
    left = in_words(limit.remaining, limit.unit)
    return f"has {left} left, less than the {in_words(asked, limit.unit)} asked for"


def _way_out(limit: LimitStatus) -> str:
    if limit.refusal is RefusalReason.BUSY:
        return f"{in_words(limit.held, limit.unit)} on open holds may come free soon"
    if limit.reset_time is None:
        return "it never resets"
    return f"it resets on {_day(limit.reset_time)}"


def _tightest(limits: tuple[LimitStatus, ...]) -> LimitStatus | None:
    """Return the limit of which the smallest part is left."""
    limited = [limit for limit in limits if limit.limit is not None]
    if len(limited) < 2:
        return limited[0] if limited else None
    return min(limited, key=_part_left)


def _part_left(limit: LimitStatus) -> float:
    return (limit.remaining or 0) / limit.limit if limit.limit else 0.0


def _name_of(limit: LimitStatus) -> str:
    return _named(limit.source, limit.unit, limit.period, limit.limit or 0)


@lru_cache(maxsize=4096)
def _named(source: Target, unit: str, period: Period, limit: int) -> str:
    kind, name = source
    amount = in_words(limit, unit) + ("" if unit == IN_FLIGHT else _PER[period])
    match kind:
        case TargetKind.CHAT:
            return f"the limit of {amount} on chat {name}"
        case TargetKind.USER:
            return f"the limit of {amount} set for user {name}"
        case TargetKind.GROUP_DEFAULT:
            return f"the limit of {amount} for each member of group {name}"
        case TargetKind.NAMESPACE_DEFAULT:
            return f"the limit of {amount} for each user"
        case TargetKind.GROUP_POOL:
            return f"the pool of {amount} that group {name} shares"
        case TargetKind.NAMESPACE_POOL:
            return f"the pool of {amount} that everybody shares"


@lru_cache(maxsize=1024)
def _until(reset_time: datetime | None) -> str:
    return f" until {_day(reset_time)}" if reset_time else ""


def _day(moment: datetime) -> str:
    return f"{moment.date().isoformat()} at 00:00 UTC"
