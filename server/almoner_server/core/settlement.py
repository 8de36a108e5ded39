"""What a Commit books: always all of it, whatever the limits and whatever became of the hold.

The cases are those of docs/semantics.md, Settlement.
"""

from datetime import datetime, timedelta

from almoner_server.core import fingerprints
from almoner_server.core.accounts import Account
from almoner_server.core.adjustments import replace_estimate
from almoner_server.core.book import Book
from almoner_server.core.errors import invalid, not_found, reused
from almoner_server.core.expiry import expire_if_due, expiry_charge_id, late_commit_id
from almoner_server.core.records import Amounts, Charge, Hold, Spender
from almoner_server.core.requests import Commit, CommitResult
from almoner_server.core.sums import book_charge, move_held, overrun
from almoner_server.core.terms import IN_FLIGHT, ChargeOrigin, ExpiryAction, HoldState, Settlement
from almoner_server.core.trees import chain_of, remember_chain

CLOCK_SKEW = timedelta(minutes=1)
"""How far `occurred_at` may lie ahead of our clock and still be taken for now: clocks of callers differ."""


def commit(book: Book, request: Commit) -> CommitResult:
    """Book a cost, exactly once for each charge id."""
    charge = book.charges.get((request.namespace, request.charge_id))
    if charge is not None:
        if charge.fingerprint != fingerprints.of_commit(request) or _is_of_earlier_hold(book, request):
            raise reused("charge_id", request.charge_id)
        return CommitResult(as_booked(charge), replayed=True)
    hold = expire_if_due(book, request.namespace, request.hold_id) if request.hold_id else None
    charge = _direct(book, request) if hold is None else _on_hold(book, request, hold)
    return CommitResult(charge, replayed=False)


def _is_of_earlier_hold(book: Book, request: Commit) -> bool:
    """Tell whether a charge under the id of a final commit is not this hold's: it would have ended it.

    Ids of holds are forgotten, those of charges never: who uses one again must hear of it, not have a cost dropped.
    """
    hold = expire_if_due(book, request.namespace, request.hold_id) if request.hold_id else None
    return hold is not None and hold.state is HoldState.OPEN and not request.partial


def as_booked(charge: Charge) -> Charge:
    """Return a charge as it was when it was booked, before any adjustment: the answer of then."""
    was_open = charge.settlement is not Settlement.ACTUAL
    return charge._replace(net=charge.amounts, open=was_open, adjustment_count=0)


def _on_hold(book: Book, request: Commit, hold: Hold) -> Charge:
    _require_same_spender(request, hold.spender)
    late = hold.state is not HoldState.OPEN
    amounts = _amounts(request, hold)
    if hold.was_charged_at_expiry:
        undone = _take_place_of(book, book.charges.get((hold.namespace, expiry_charge_id(hold))))
        hold.spent = _sum(hold.spent, {unit: -amount for unit, amount in undone.items()})
    charge = Charge(
        namespace=request.namespace,
        id=request.charge_id,
        hold_id=hold.id,
        spender=hold.spender,
        amounts=amounts,
        net=amounts,
        settlement=request.settlement,
        open=request.settlement is not Settlement.ACTUAL,
        late=late,
        origin=ChargeOrigin.HOLD,
        occurred_at=hold.window_time,
        create_time=book.now,
        attributes=request.attributes,
        overrun=overrun(hold.held, amounts),
        fingerprint=fingerprints.of_commit(request),
    )
    accounts = book.accounts_of(hold.namespace, hold.spender)
    book_charge(book, accounts, charge)
    hold.spent = _sum(hold.spent, amounts)
    if not late:
        _settle(book, accounts, hold, amounts, partial=request.partial)
    book.change_hold(hold)
    return charge


def _settle(book: Book, accounts: list[Account], hold: Hold, amounts: Amounts, *, partial: bool) -> None:
    """Free what the commit used up of the hold, or with a final commit all of it."""
    if partial:
        left = {unit: max(0, held - amounts.get(unit, 0)) for unit, held in hold.held.items()}
        move_held(accounts, hold, left)
        return
    move_held(accounts, hold, {})
    book.free(accounts)
    hold.state, hold.settle_time = HoldState.COMMITTED, book.now


def _direct(book: Book, request: Commit) -> Charge:
    if not request.user:
        raise not_found(
            "HOLD_NOT_FOUND",
            f"hold_id: there is no hold {request.hold_id}; with a subject the cost can be booked without it",
            field="hold_id",
            value=str(request.hold_id),
        )
    chain = chain_of(book, request.namespace, request.chat, request.parent)
    groups = book.groups_of(request.namespace, request.user, request.groups)
    amounts = _amounts(request, None)
    occurred_at = _occurred_at(book, request)
    estimate = book.estimates.get((request.namespace, request.hold_id)) if request.hold_id else None
    if estimate is not None:
        _require_same_spender(request, estimate.spender)
    charge = Charge(
        namespace=request.namespace,
        id=request.charge_id,
        hold_id=request.hold_id,
        spender=Spender(request.user, groups, chain),
        amounts=amounts,
        net=amounts,
        settlement=request.settlement,
        open=request.settlement is not Settlement.ACTUAL,
        late=False,
        origin=ChargeOrigin.DIRECT,
        occurred_at=occurred_at,
        create_time=book.now,
        attributes=request.attributes,
        overrun={},
        fingerprint=fingerprints.of_commit(request),
    )
    remember_chain(book, request.namespace, chain)
    book_charge(book, book.accounts_of(charge.namespace, charge.spender), charge)
    if request.hold_id is not None:
        _take_place_of(book, estimate)
        book.add_hold(_spent_hold(charge, request))
    return charge


def _spent_hold(charge: Charge, request: Commit) -> Hold:
    """Remember that this hold is over: its check, should it still arrive, must not hold anything."""
    assert request.hold_id is not None
    return Hold(
        namespace=request.namespace,
        id=request.hold_id,
        spender=charge.spender,
        named_groups=charge.spender.groups,
        held={},
        spent=dict(charge.amounts),
        state=HoldState.COMMITTED,
        admit_time=charge.occurred_at,
        window_time=charge.occurred_at,
        expire_time=charge.occurred_at,
        on_expiry=ExpiryAction.RELEASE,
        attributes={},
        fingerprint=b"",
        answer=[],
        admitted_expire_time=charge.occurred_at,
        settle_time=charge.create_time,
    )


def _amounts(request: Commit, hold: Hold | None) -> Amounts:
    """Return what to book: as told, or for an estimate without amounts what is held."""
    if request.settlement is not Settlement.ESTIMATE or request.amounts:
        return request.amounts
    if hold is None or hold.state is not HoldState.OPEN:
        why = "is not known" if hold is None else "has ended and holds nothing"
        raise invalid("FIELD_REQUIRED", "amounts", f"required with ESTIMATE: hold {request.hold_id} {why}")
    return {unit: held for unit, held in hold.held.items() if unit != IN_FLIGHT}


def _take_place_of(book: Book, estimate: Charge | None) -> Amounts:
    """Undo what was charged at an expiry, once, since the real cost is known now. Returns what is undone."""
    if estimate is None or (estimate.namespace, late_commit_id(estimate.id)) in book.adjustments:
        return {}
    replace_estimate(book, estimate, late_commit_id(estimate.id))
    return estimate.amounts


def _occurred_at(book: Book, request: Commit) -> datetime:
    if request.occurred_at is None:
        return book.now
    if request.occurred_at > book.now + CLOCK_SKEW:
        value = request.occurred_at.isoformat()
        message = f"{value} is in the future: it is {book.now.isoformat()}"
        raise invalid("TIME_OUT_OF_RANGE", "occurred_at", message, value=value, limit=book.now.isoformat())
    return min(request.occurred_at, book.now)


def _require_same_spender(request: Commit, spender: Spender) -> None:
    """Refuse a commit that names somebody else than the hold does: one of the two ids is wrong."""
    if not request.user and not request.chat:
        return
    chat = spender.chain[-1] if spender.chain else ""
    for field, given, held in (
        ("subject.user", request.user, spender.user),
        ("chat.id", request.chat, chat),
    ):
        if given and given != held:
            raise invalid(
                "HOLD_MISMATCH",
                field,
                f"{given} is not the {held or 'empty one'} of the hold",
                value=given,
                limit=held,
            )


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    if not one:  # as nearly always: the first commit on a hold is mostly the only one
        return dict(other)
    return {unit: one.get(unit, 0) + other.get(unit, 0) for unit in one.keys() | other.keys()}
