"""What a script comes to as a whole, known before the first call: its length, its cost, its parties."""

from collections import Counter
from dataclasses import dataclass, field

from almoner.amounts import USD_MICROS
from almoner.cli.replay.script import Script


@dataclass(slots=True)
class Survey:
    """Sums up a script. Costs are in micro-dollars."""

    calls: int = 0
    seconds: float = 0.0
    """From the first arrival to the last, in real time."""
    cost: int = 0
    user_costs: Counter[str] = field(default_factory=Counter)
    group_costs: Counter[str] = field(default_factory=Counter)
    tree_costs: Counter[str] = field(default_factory=Counter)
    """By root."""
    user_groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    openings: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """The user and the parent of every chat, parents before their children."""


def survey(script: Script) -> Survey:
    """Go through a script.

    Raises:
        TraceError: The trace is malformed.
    """
    whole = Survey()
    for call in script.calls():
        caller, cost = call.caller, call.cost[USD_MICROS]
        whole.calls += 1
        whole.seconds = call.traced.arrival
        whole.cost += cost
        whole.user_costs[caller.user] += cost
        whole.user_groups[caller.user] = caller.groups
        whole.group_costs.update(dict.fromkeys(caller.groups, cost))
        whole.tree_costs.update(dict.fromkeys(caller.chats[:1], cost))
        for parent, chat in zip((None, *caller.chats), caller.chats, strict=False):
            whole.openings.setdefault(chat, (caller.user, parent))
    return whole
