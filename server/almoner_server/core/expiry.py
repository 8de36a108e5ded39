"""What happens when a hold's time runs out (docs/semantics.md, Holds).

A hold is over at its expiry, not when somebody gets round to it: whoever touches it later finds it expired.
"""

from uuid import UUID, uuid5

from almoner_server.core.book import Book
from almoner_server.core.records import Charge, Hold
from almoner_server.core.sums import book_charge, move_held
from almoner_server.core.terms import IN_FLIGHT, ChargeOrigin, ExpiryAction, HoldState, Settlement


def expiry_charge_id(hold: Hold) -> UUID:
    """Return the id of the estimate that the expiry of a hold books.

    It is always the same for one hold, and another for one that is made under the same id once this one is forgotten.
    """
    return uuid5(hold.id, f"expiry of {hold.admit_time.isoformat()}")


def late_commit_id(estimate_id: UUID) -> UUID:
    """Return the id of the adjustment that puts a late commit in the place of an estimate."""
    return uuid5(estimate_id, "late commit")


def expire_if_due(book: Book, namespace: str, hold_id: UUID) -> Hold | None:
    """Return a hold as it is now, expired if its time has run out; None if there is none."""
    hold = book.holds.get((namespace, hold_id))
    if hold is not None and hold.state is HoldState.OPEN and book.now >= hold.expire_time:
        _expire(book, hold)
    return hold


def _expire(book: Book, hold: Hold) -> None:
    amounts = {unit: amount for unit, amount in hold.held.items() if unit != IN_FLIGHT}
    accounts = book.accounts_of(hold.namespace, hold.spender)
    move_held(accounts, hold, {})
    book.free(accounts)
    if hold.on_expiry is ExpiryAction.CHARGE:
        book_charge(book, accounts, _estimate(book, hold, amounts))
        hold.spent = {unit: hold.spent.get(unit, 0) + amounts.get(unit, 0) for unit in hold.spent | amounts}
    hold.state, hold.settle_time = HoldState.EXPIRED, book.now
    book.change_hold(hold)


def _estimate(book: Book, hold: Hold, amounts: dict[str, int]) -> Charge:
    return Charge(
        namespace=hold.namespace,
        id=expiry_charge_id(hold),
        hold_id=hold.id,
        spender=hold.spender,
        amounts=amounts,
        net=dict(amounts),
        settlement=Settlement.ESTIMATE,
        open=True,
        late=False,
        origin=ChargeOrigin.EXPIRY,
        occurred_at=hold.window_time,
        create_time=book.now,
        attributes=hold.attributes,
        overrun={},
        fingerprint=b"",
    )
