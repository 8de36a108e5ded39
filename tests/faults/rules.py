"""The limits that callers spend under: tight enough that there is always somebody whom one of them refuses."""

from almoner import Client, Period, Target

USER_TOKENS = 60
"""A user's for its lifetime; then its callers go on as the next user."""
TEAM_IN_FLIGHT = 4
"""Holds of the team at once. Callers outnumber them."""
EVERYBODY_IN_FLIGHT = 5
TREE_TOKENS = 100
"""The chat tree's for its lifetime, at first. It is topped up all the time, and used up as fast."""
TOP_UP = 40
PLENTY = 10**12
TEAM, TREE = "team", "tree"
HOLD_TOKENS = 10


async def set_limits(quota: Client) -> None:
    """Set the limits, before anybody spends."""
    for target, unit, period, amount in (
        (Target.namespace_default(), "tokens", Period.LIFETIME, USER_TOKENS),
        (Target.chat(TREE), "tokens", Period.LIFETIME, TREE_TOKENS),
        (Target.group_pool(TEAM), "in_flight", Period.LIFETIME, TEAM_IN_FLIGHT),
        (Target.group_pool(TEAM), "tokens", Period.MONTH, PLENTY),
        (Target.namespace_pool(), "in_flight", Period.LIFETIME, EVERYBODY_IN_FLIGHT),
    ):
        await quota.admin.set_limit(target, unit=unit, period=period, amount=amount, timeout=30)
