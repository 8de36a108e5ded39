"""Which limit holds for a user: override, else group default, else namespace default (docs/semantics.md, Hierarchy).

Each (unit, period) is resolved on its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from almoner_server.core.records import Limit, NamespaceRules, Target
from almoner_server.core.terms import GroupRule, Period, TargetKind

Slot = tuple[str, Period]
"""What is resolved on its own: a unit and a period."""

UNLIMITED = float("inf")


def effective_limits(
    rules: NamespaceRules, groups: tuple[str, ...], overrides: Sequence[Limit], now: datetime
) -> tuple[Limit, ...]:
    """Return the limits in force for one user, one for each (unit, period) that has any, by unit and period."""
    if not overrides:
        return _defaults(rules, groups)
    chosen = _by_slot(_defaults(rules, groups))
    chosen |= _by_slot(limit for limit in overrides if in_force(limit, now))
    return tuple(chosen[slot] for slot in sorted(chosen))


def in_force(limit: Limit, now: datetime) -> bool:
    """Tell whether a limit holds at `now`: strictly before its expire_time."""
    return limit.expire_time is None or now < limit.expire_time


@lru_cache(maxsize=4096)
def _defaults(rules: NamespaceRules, groups: tuple[str, ...]) -> tuple[Limit, ...]:
    """Return what holds for whoever is in these groups, by unit and period: remembered, since many users share it."""
    chosen = _by_slot(rules.limits.get(Target(TargetKind.NAMESPACE_DEFAULT, ""), ()))
    chosen |= _group_defaults(rules, groups)
    return tuple(chosen[slot] for slot in sorted(chosen))


def _group_defaults(rules: NamespaceRules, groups: Iterable[str]) -> dict[Slot, Limit]:
    """Pick, per slot, the smallest or the largest default among the groups; the first group by name on a tie."""
    chosen: dict[Slot, Limit] = {}
    for group in sorted(groups):
        for limit in rules.limits.get(Target(TargetKind.GROUP_DEFAULT, group), ()):
            slot = (limit.key.unit, limit.key.period)
            rival = chosen.get(slot)
            if rival is None or _wins(limit, rival, rules.group_rule):
                chosen[slot] = limit
    return chosen


def _wins(limit: Limit, rival: Limit, rule: GroupRule) -> bool:
    return _size(limit) < _size(rival) if rule is GroupRule.MIN else _size(limit) > _size(rival)


def _size(limit: Limit) -> float:
    return UNLIMITED if limit.amount is None else limit.amount


def _by_slot(limits: Iterable[Limit]) -> dict[Slot, Limit]:
    return {(limit.key.unit, limit.key.period): limit for limit in limits}
