"""How holds and charges move the counters of every account they touch (docs/semantics.md, Accounts)."""

from collections.abc import Mapping

from almoner_server.core.book import Book
from almoner_server.core.calendar import day_of
from almoner_server.core.records import AccountKey, Amounts, Charge, Hold
from almoner_server.core.terms import Settlement


def move_held(book: Book, hold: Hold, wanted: Amounts) -> list[AccountKey]:
    """Make what a hold sets aside equal `wanted`, on all its accounts, in the windows of its admission.

    Returns the keys of the accounts.
    """
    change = _difference(hold.held, wanted)
    day = day_of(hold.admit_time)
    accounts = book.accounts_of(hold.namespace, hold.spender)
    for account in accounts:
        for unit, difference in change.items():
            account.hold(unit, day, difference)
    hold.held = dict(wanted)
    return [account.key for account in accounts]


def book_charge(book: Book, charge: Charge) -> None:
    """Enter a new charge in the ledger and count it on every account."""
    move_spent(book, charge, charge.amounts)
    _count_open(book, charge, 1 if charge.open else 0)
    book.add_charge(charge)


def correct_charge(
    book: Book, charge: Charge, change: Mapping[str, int], *, still_open: bool
) -> tuple[Charge, list[AccountKey]]:
    """Change what a charge comes to, on all its accounts, in the windows it counts in.

    Returns the corrected charge and the keys of the accounts.
    """
    keys = move_spent(book, charge, change)
    net = {**charge.net, **{unit: charge.net.get(unit, 0) + by for unit, by in change.items()}}
    if charge.open and not still_open:
        _count_open(book, charge, -1)
    count = charge.adjustment_count + 1
    corrected = charge._replace(net=net, open=charge.open and still_open, adjustment_count=count)
    book.change_charge(corrected)
    return corrected, keys


def move_spent(book: Book, charge: Charge, change: Mapping[str, int]) -> list[AccountKey]:
    """Add to what the accounts of a charge have spent, in its windows. Returns their keys."""
    day = day_of(charge.occurred_at)
    accounts = book.accounts_of(charge.namespace, charge.spender)
    for account in accounts:
        for unit, by in change.items():
            account.spend(unit, day, by)
    return [account.key for account in accounts]


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


def _count_open(book: Book, charge: Charge, by: int) -> None:
    """Count a charge whose real cost is still to come, so that status need not search the ledger for it."""
    if not by:
        return
    for account in book.accounts_of(charge.namespace, charge.spender):
        if charge.settlement is Settlement.ESTIMATE:
            account.open_estimates += by
        else:
            account.open_unpriced += by
        account.dirty = True
