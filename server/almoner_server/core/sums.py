"""How holds and charges move the counters of every account they touch (docs/semantics.md, Accounts)."""

from collections.abc import Iterable, Mapping

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.core.calendar import day_of
from almoner_server.core.records import Amounts, Charge, Hold
from almoner_server.core.terms import Settlement


def move_held(accounts: Iterable[Account], hold: Hold, wanted: Amounts) -> None:
    """Make what a hold sets aside equal `wanted`, on its accounts, in the windows it counts in."""
    change = _difference(hold.held, wanted)
    day = day_of(hold.window_time)
    for account in accounts:
        account.hold(day, change)
    hold.held = dict(wanted)


def book_charge(book: Book, accounts: Iterable[Account], charge: Charge) -> None:
    """Enter a new charge in the ledger and count it on its accounts."""
    _move_spent(accounts, charge, charge.amounts)
    if charge.open:
        _count_open(accounts, charge, 1)
    book.add_charge(charge)


def correct_charge(
    book: Book, accounts: Iterable[Account], charge: Charge, change: Mapping[str, int], *, still_open: bool
) -> Charge:
    """Change what a charge comes to, on its accounts, in the windows it counts in. Returns the corrected charge."""
    _move_spent(accounts, charge, change)
    net = {**charge.net, **{unit: charge.net.get(unit, 0) + by for unit, by in change.items()}}
    if charge.open and not still_open:
        _count_open(accounts, charge, -1)
    count = charge.adjustment_count + 1
    corrected = charge._replace(net=net, open=charge.open and still_open, adjustment_count=count)
    book.change_charge(corrected)
    return corrected


def _difference(before: Amounts, after: Amounts) -> dict[str, int]:
    if not before:
        return after
    if not after:
        return {unit: -amount for unit, amount in before.items()}
    return {unit: after.get(unit, 0) - before.get(unit, 0) for unit in before.keys() | after.keys()}


def overrun(held: Amounts, amounts: Amounts) -> Amounts:
    """Return by how much the amounts go past what is held, in the units that are held."""
    return {
        unit: amount - held[unit] for unit, amount in amounts.items() if unit in held and amount > held[unit]
    }


def _move_spent(accounts: Iterable[Account], charge: Charge, change: Mapping[str, int]) -> None:
    """Add to what the accounts of a charge have spent, in its windows."""
    day = day_of(charge.occurred_at)
    for account in accounts:
        account.spend(day, change)


def _count_open(accounts: Iterable[Account], charge: Charge, by: int) -> None:
    """Count a charge whose real cost is still to come, so that status need not search the ledger for it."""
    for account in accounts:
        if charge.settlement is Settlement.ESTIMATE:
            account.open_estimates += by
        else:
            account.open_unpriced += by
        account.dirty = True
