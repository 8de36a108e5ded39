"""The life of a hold: admitted, extended, and ended once by commit, release or expiry (docs/semantics.md, Holds)."""

from dataclasses import replace
from uuid import UUID

from almoner_server.core import answers, fingerprints
from almoner_server.core.admission import Own, applicable_limits, blocking_accounts, decide
from almoner_server.core.book import Book
from almoner_server.core.calendar import day_of
from almoner_server.core.errors import RequestFailed, not_found, precondition, reused
from almoner_server.core.expiry import expire_if_due
from almoner_server.core.records import Amounts, Hold, Spender
from almoner_server.core.requests import Check, CheckResult, Decision, Expire, Extend, HoldResult, Release
from almoner_server.core.sums import move_held
from almoner_server.core.terms import IN_FLIGHT, ExpiryAction, HoldState
from almoner_server.core.trees import chain_of, remember_chain


def check(book: Book, request: Check) -> CheckResult:
    """Answer whether the amounts may be spent and, with a hold, set them aside. A refusal changes nothing."""
    if request.hold is not None:
        known = expire_if_due(book, request.namespace, request.hold.id)
        if known is not None:
            return _answer_again(known, request)
    chain = chain_of(book, request.namespace, request.chat, request.parent)
    groups = book.groups_of(request.namespace, request.user, request.groups)
    spender = Spender(request.user, groups, chain)
    limits = applicable_limits(book, request.namespace, spender)
    wanted = request.amounts if request.hold is None else {**request.amounts, IN_FLIGHT: 1}
    decision = decide(limits, wanted, book.now)
    if not decision.allowed:
        return CheckResult(decision, blocked_on=blocking_accounts(limits, decision))
    return CheckResult(decision) if request.hold is None else _admit(book, request, spender, wanted, decision)


def release(book: Book, request: Release) -> HoldResult:
    """Give a hold back. Again is fine, also when expiry has given it back already."""
    hold = _require(book, request.namespace, request.hold_id)
    given_back = hold.state is HoldState.RELEASED or (
        hold.state is HoldState.EXPIRED and hold.on_expiry is ExpiryAction.RELEASE
    )
    if hold.state is not HoldState.OPEN and not given_back:
        raise _settled(hold)
    if hold.state is HoldState.OPEN:
        accounts = book.accounts_of(hold.namespace, hold.spender)
        move_held(accounts, hold, {})
        book.free(accounts)
        hold.state, hold.settle_time = HoldState.RELEASED, book.now
        book.change_hold(hold)
    return HoldResult(snapshot(hold))


def extend(book: Book, request: Extend) -> HoldResult:
    """Set new totals or a new time to live. More money is admitted as if the hold were taken anew in its place.

    So the user's limits are those of the groups of now, and on a later day the hold counts in the windows of now.
    """
    hold = _require(book, request.namespace, request.hold_id)
    if hold.state is not HoldState.OPEN:
        raise _settled(hold)
    wanted = {**hold.held, **_left_of_totals(hold, request.amounts)}
    decision = Decision(())
    grows = any(amount > hold.held.get(unit, 0) for unit, amount in wanted.items())
    if grows:
        groups = book.groups_of(hold.namespace, hold.spender.user, hold.named_groups)
        limits = applicable_limits(book, hold.namespace, hold.spender, groups)
        decision = decide(limits, wanted, book.now, Own(hold.held, day_of(hold.window_time)))
    if decision.allowed:
        _set_terms(book, hold, wanted, request, grows=grows)
    return HoldResult(snapshot(hold), decision)


def expire(book: Book, request: Expire) -> HoldResult:
    """End a hold whose time has run out; do nothing to any other."""
    expire_if_due(book, request.namespace, request.hold_id)
    return HoldResult(snapshot(_require(book, request.namespace, request.hold_id)))


def snapshot(hold: Hold) -> Hold:
    """Copy a hold as it is now: later requests of the same batch may change it."""
    return replace(hold, held=dict(hold.held), spent=dict(hold.spent))


def _admit(book: Book, request: Check, spender: Spender, wanted: Amounts, decision: Decision) -> CheckResult:
    assert request.hold is not None
    expire_time = book.now + request.hold.ttl
    hold = Hold(
        namespace=request.namespace,
        id=request.hold.id,
        spender=spender,
        named_groups=_named(request, spender),
        held={},
        spent={},
        state=HoldState.OPEN,
        admit_time=book.now,
        window_time=book.now,
        expire_time=expire_time,
        on_expiry=request.hold.on_expiry,
        attributes=request.attributes,
        fingerprint=fingerprints.of_check(request),
        answer=answers.encode(decision),
        admitted_expire_time=expire_time,
    )
    remember_chain(book, request.namespace, spender.chain)
    move_held(book.accounts_of(request.namespace, spender), hold, wanted)
    book.add_hold(hold)
    return CheckResult(decision, hold.id, expire_time)


def _named(request: Check, spender: Spender) -> tuple[str, ...]:
    """Return the groups that a request names: the others of its spender are stored."""
    named = set(request.groups)
    return tuple([group for group in spender.groups if group in named])


def _answer_again(hold: Hold, request: Check) -> CheckResult:
    if hold.state is not HoldState.OPEN:
        raise _settled(hold, field="hold.id")
    if hold.fingerprint != fingerprints.of_check(request):
        raise reused("hold.id", hold.id)
    return CheckResult(
        answers.decode(hold.answer, day_of(hold.admit_time)), hold.id, hold.admitted_expire_time
    )


def _left_of_totals(hold: Hold, totals: Amounts) -> Amounts:
    """Turn new totals into what stays held of them, after what was committed on the hold."""
    for unit, total in totals.items():
        committed = hold.spent.get(unit, 0)
        if total < committed:
            raise precondition(
                "BELOW_COMMITTED",
                f"amounts[{unit}]: {total} is below the {committed} already committed on the hold",
                field=f"amounts[{unit}]",
                value=str(total),
                limit=str(committed),
            )
    return {unit: total - hold.spent.get(unit, 0) for unit, total in totals.items()}


def _set_terms(book: Book, hold: Hold, wanted: Amounts, request: Extend, *, grows: bool) -> None:
    lowered = any(amount < hold.held.get(unit, 0) for unit, amount in wanted.items())
    accounts = book.accounts_of(hold.namespace, hold.spender)
    if grows and day_of(hold.window_time) != book.today:
        move_held(accounts, hold, {})
        hold.window_time = book.now
    move_held(accounts, hold, wanted)
    if lowered:
        book.free(accounts)
    if request.ttl is not None:
        hold.expire_time = book.now + request.ttl
        book.list_expiry(hold)
    book.change_hold(hold)


def _require(book: Book, namespace: str, hold_id: UUID) -> Hold:
    hold = expire_if_due(book, namespace, hold_id)
    if hold is None:
        raise not_found(
            "HOLD_NOT_FOUND", f"hold_id: there is no hold {hold_id}", field="hold_id", value=str(hold_id)
        )
    return hold


def _settled(hold: Hold, field: str = "hold_id") -> RequestFailed:
    return precondition(
        "HOLD_SETTLED",
        f"{field}: hold {hold.id} has ended: {hold.state.name}",
        field=field,
        value=str(hold.id),
        state=hold.state.name,
    )
