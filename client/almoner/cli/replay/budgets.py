"""Limits for a replay, of a size that refuses some of its calls.

They follow from what the trace would cost without any limit, so that the first rows of one are refused as the
whole is. Every user: 35 % of what the dearest user would spend, a day, and 16 calls at once. The dearest group:
60 % of what it would spend, as its pool a month. Each of the ten dearest chat trees: half of what it would spend.
Everybody: the whole cost, as a pool a month.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from almoner.amounts import USD_MICROS
from almoner.cli.replay.survey import Survey
from almoner.cli.words import IN_FLIGHT
from almoner.types.enums import Period
from almoner.types.parties import Target

LIMITED_TREES = 10
CALLS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Budget:
    """Is one limit to set."""

    target: Target
    unit: str
    period: Period
    amount: int


def budgets(whole: Survey, scale: float) -> Iterator[Budget]:
    """Choose the limits.

    Args:
        whole: What the trace comes to.
        scale: 1 refuses some calls, 0.1 most, 10 none.
    """
    yield Budget(Target.namespace_default(), IN_FLIGHT, Period.LIFETIME, CALLS_AT_ONCE)
    yield Budget(Target.namespace_pool(), USD_MICROS, Period.MONTH, _part(whole.cost, 1.0, scale))
    for _, cost in whole.user_costs.most_common(1):
        yield Budget(Target.namespace_default(), USD_MICROS, Period.DAY, _part(cost, 0.35, scale))
    for group, cost in whole.group_costs.most_common(1):
        yield Budget(Target.group_pool(group), USD_MICROS, Period.MONTH, _part(cost, 0.6, scale))
    for root, cost in whole.tree_costs.most_common(LIMITED_TREES):
        yield Budget(Target.chat(root), USD_MICROS, Period.LIFETIME, _part(cost, 0.5, scale))


def _part(cost: int, part: float, scale: float) -> int:
    return max(1, int(cost * part * scale))
