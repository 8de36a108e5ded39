"""Setting the stage: a namespace, its limits, and the chats, so that a child never comes before its parent.

A refused call leaves no trace, also not its chat, and a child that came first would make its unknown parent a
root. So every chat is opened by a charge of 0 before the play, parents first.
"""

import secrets
from collections.abc import Iterable, Iterator

from almoner import Client
from almoner.amounts import USD_MICROS
from almoner.cli.replay.budgets import Budget
from almoner.cli.replay.script import UNITS
from almoner.errors import CallError
from almoner.types.batch import Commit

_BATCH = 1000
Openings = dict[str, tuple[str, str | None]]


class StageError(ValueError):
    """Says why a namespace cannot be played in."""


async def take_namespace(quota: Client) -> tuple[bool, tuple[str, ...]]:
    """Create the client's namespace unless it is there.

    Returns:
        Whether it was created, and those of the units of a replay that it counts.
    """
    async for namespace in quota.admin.list_namespaces(page_size=_BATCH):
        if namespace.name == quota.namespace:
            return False, tuple(unit for unit in UNITS if unit in namespace.units)
    await quota.admin.create_namespace(quota.namespace, units=UNITS)
    return True, UNITS


async def has_limits(quota: Client) -> bool:
    """Tell whether any limit is set in the namespace."""
    async for _ in quota.admin.list_limits(page_size=1):
        return True
    return False


async def set_budgets(quota: Client, budgets: Iterable[Budget]) -> None:
    """Set the limits, in the place of those that are there."""
    for budget in budgets:
        await quota.admin.set_limit(
            budget.target,
            unit=budget.unit,
            period=budget.period,
            amount=budget.amount,
            actor="almoner replay",
        )


async def open_chats(quota: Client, openings: Openings, unit: str) -> None:
    """Make every chat known under its parent.

    Raises:
        CallError: A chat could not be opened, for example because it has another parent there.
    """
    for generation in _generations(openings):
        for start in range(0, len(generation), _BATCH):
            commits = [
                Commit(user=openings[chat][0], chat=chat, parent=openings[chat][1], amounts={unit: 0})
                for chat in generation[start : start + _BATCH]
            ]
            for answer in await quota.commit_many(commits):
                if isinstance(answer, CallError):
                    raise answer


async def leave_witness(quota: Client) -> str:
    """Charge nothing to a user of a name that nobody else has, by whom the server's database is known."""
    witness = f"witness-{secrets.token_hex(8)}"
    await quota.charge(user=witness, amounts={USD_MICROS: 0})
    return witness


def _generations(openings: Openings) -> Iterator[list[str]]:
    """Give roots, then their children, and so on."""
    generation = [chat for chat, (_, parent) in openings.items() if parent is None]
    while generation:
        yield generation
        parents = set(generation)
        generation = [chat for chat, (_, parent) in openings.items() if parent in parents]
