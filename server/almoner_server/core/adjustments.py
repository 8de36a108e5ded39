"""Corrections of a charge: a refund, or the real cost of an estimate (docs/semantics.md, Adjustments)."""

from uuid import UUID

from almoner_server.core import fingerprints
from almoner_server.core.book import Book
from almoner_server.core.errors import not_found, precondition, reused
from almoner_server.core.records import Adjustment, Charge
from almoner_server.core.requests import Adjust, AdjustResult
from almoner_server.core.sums import correct_charge
from almoner_server.core.terms import AdjustmentKind

REPLACED = "the real cost was committed after expiry"
"""The reason kept with the adjustment that undoes the estimate of an expired hold."""


def adjust(book: Book, request: Adjust) -> AdjustResult:
    """Correct a charge, exactly once for each adjustment id."""
    known = book.adjustments.get((request.namespace, request.adjustment_id))
    if known is not None and known.fingerprint != fingerprints.of_adjust(request):
        raise reused("adjustment_id", request.adjustment_id)
    charge = book.charges.get((request.namespace, request.charge_id))
    if charge is None:
        raise not_found(
            "CHARGE_NOT_FOUND",
            f"charge_id: there is no charge {request.charge_id}",
            field="charge_id",
            value=str(request.charge_id),
        )
    if known is not None:
        then = charge._replace(net=known.net_after, open=known.open_after, adjustment_count=known.number)
        return AdjustResult(then, known, replayed=True)
    change = _refund(charge, request) if request.kind is AdjustmentKind.REFUND else _actual(charge, request)
    still_open = charge.open and request.kind is AdjustmentKind.REFUND
    return AdjustResult(*_enter(book, charge, request, change, still_open=still_open), replayed=False)


def replace_estimate(book: Book, estimate: Charge, adjustment_id: UUID) -> None:
    """Bring an expired hold's estimate to nothing, whatever was corrected on it before."""
    change = {unit: -net for unit, net in estimate.net.items()}
    request = Adjust(estimate.namespace, estimate.id, adjustment_id, AdjustmentKind.ACTUAL, {}, REPLACED)
    _enter(book, estimate, request, change, still_open=False)


def _enter(
    book: Book, charge: Charge, request: Adjust, change: dict[str, int], *, still_open: bool
) -> tuple[Charge, Adjustment]:
    accounts = book.accounts_of(charge.namespace, charge.spender)
    corrected = correct_charge(book, accounts, charge, change, still_open=still_open)
    if any(by < 0 for by in change.values()):
        book.free(accounts)
    adjustment = Adjustment(
        namespace=request.namespace,
        id=request.adjustment_id,
        charge_id=charge.id,
        kind=request.kind,
        amounts=request.amounts,
        change=change,
        reason=request.reason,
        create_time=book.now,
        fingerprint=fingerprints.of_adjust(request),
        net_after=corrected.net,
        open_after=corrected.open,
        number=corrected.adjustment_count,
    )
    book.add_adjustment(adjustment)
    return corrected, adjustment


def _refund(charge: Charge, request: Adjust) -> dict[str, int]:
    for unit, amount in request.amounts.items():
        left = charge.net.get(unit, 0)
        if amount > left:
            raise precondition(
                "REFUND_EXCEEDS_CHARGE",
                f"amounts[{unit}]: a refund of {amount} is more than the {left} left of the charge",
                field=f"amounts[{unit}]",
                value=str(amount),
                limit=str(left),
            )
    return {unit: -amount for unit, amount in request.amounts.items()}


def _actual(charge: Charge, request: Adjust) -> dict[str, int]:
    if not charge.open:
        raise precondition(
            "CHARGE_NOT_ESTIMATED",
            f"charge_id: the real cost of {charge.id} is known already; correct it with a refund or another charge",
            field="charge_id",
            value=str(charge.id),
            settlement=charge.settlement.name,
        )
    return {unit: amount - charge.net.get(unit, 0) for unit, amount in request.amounts.items()}
