"""What every counter must be, added up anew from the charges and the open holds of a world."""

from collections import Counter

from almoner_server.core.book import account_keys
from almoner_server.core.calendar import day_of, shared_periods
from almoner_server.core.records import AccountKey, Spender
from almoner_server.core.terms import HoldState, Period

from tests.unit.world import NS, World

Counters = Counter[tuple[AccountKey, str, Period, str]]


def recomputed(world: World) -> Counters:
    """Add up charges and open holds, each in the windows of its moment."""
    found: Counters = Counter()

    def add(spender: Spender, day: int, amounts: dict[str, int], what: str) -> None:
        for key in account_keys(world.book.namespaces[NS], spender):
            for period in shared_periods(day, world.book.today):
                for unit, amount in amounts.items():
                    found[key, unit, period, what] += amount

    for charge in world.book.charges.values():
        add(charge.spender, day_of(charge.occurred_at), charge.net, "spent")
    for hold in world.book.holds.values():
        if hold.state is HoldState.OPEN:
            add(hold.spender, day_of(hold.window_time), hold.held, "held")
    return +found


def counted(world: World) -> Counters:
    """Read the counters as they are."""
    found: Counters = Counter()
    for key in world.stored:
        account = world.account(key.id, key.kind)
        for unit in account.counters:
            for period in Period:
                found[key, unit, period, "spent"] = account.spent(unit, period)
                found[key, unit, period, "held"] = account.held(unit, period)
    assert min(found.values(), default=0) >= 0
    return +found


def open_charges(world: World) -> tuple[Counter[AccountKey], Counter[AccountKey]]:
    """Return, by account, how many charges wait for their real cost: as found in the ledger, and as counted."""
    found: Counter[AccountKey] = Counter()
    for charge in world.book.charges.values():
        if charge.open:
            found.update(account_keys(world.book.namespaces[NS], charge.spender))
    counted = Counter(
        {key: account.open_estimates + account.open_unpriced for key, account in world.stored.items()}
    )
    return found, +counted
