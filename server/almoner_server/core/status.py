"""What is left, of which limit: the report behind GetStatus (docs/semantics.md, Status)."""

from dataclasses import dataclass
from datetime import datetime

from almoner_server.core.accounts import Account
from almoner_server.core.admission import applicable_limits, evaluate
from almoner_server.core.book import Book
from almoner_server.core.calendar import window
from almoner_server.core.records import AccountKey, Spender
from almoner_server.core.requests import LimitStatus
from almoner_server.core.terms import IN_FLIGHT, AccountKind, Period, Scope
from almoner_server.core.trees import chain_of


@dataclass(frozen=True, slots=True)
class Usage:
    """Is the spend of one account in one unit and window."""

    unit: str
    period: Period
    spent: int
    held: int
    window_start: datetime | None
    reset_time: datetime | None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """Is what one account has spent and what is open on it."""

    key: AccountKey
    usages: tuple[Usage, ...]
    open_holds: int
    open_estimates: int
    open_unpriced: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Is what is left for a user, a chat, or both, at `now`."""

    now: datetime
    limits: tuple[LimitStatus, ...]
    accounts: tuple[AccountStatus, ...]
    chain: tuple[str, ...]
    chain_remaining: dict[str, int]


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Asks what is left for a user (may be empty), in a chat (may be empty), not both empty."""

    namespace: str
    user: str
    groups: tuple[str, ...]
    chat: str
    parent: str


def report(book: Book, request: StatusRequest) -> StatusReport:
    """Describe every limit in force and the spend of the user and of each chat up to the root.

    Raises RequestFailed as a check of the same chat would. Without a user only chat limits and the namespace pool
    apply.
    """
    chain = chain_of(book, request.namespace, request.chat, request.parent)
    groups = book.groups_of(request.namespace, request.user, request.groups) if request.user else ()
    spender = Spender(request.user, groups, chain)
    applicable = applicable_limits(book, request.namespace, spender)
    limits = tuple(evaluate(found, None) for found in applicable)
    units = sorted(book.namespaces[request.namespace].units)
    keys = [AccountKey(request.namespace, AccountKind.USER, request.user)] if request.user else []
    keys += [AccountKey(request.namespace, AccountKind.CHAT, chat) for chat in chain]
    accounts = tuple(_account_status(book.account(key), units) for key in keys)
    return StatusReport(book.now, limits, accounts, chain, _smallest_remaining(limits))


def _account_status(account: Account, units: list[str]) -> AccountStatus:
    usages = tuple(
        Usage(
            unit,
            period,
            account.spent(unit, period),
            account.held(unit, period),
            *window(period, account.day),
        )
        for unit in units
        for period in Period
    )
    open_holds = account.held(IN_FLIGHT, Period.LIFETIME)
    return AccountStatus(account.key, usages, open_holds, account.open_estimates, account.open_unpriced)


def _smallest_remaining(limits: tuple[LimitStatus, ...]) -> dict[str, int]:
    """Return, by unit, the least that any chat of the chain has left."""
    smallest: dict[str, int] = {}
    for status in limits:
        if status.scope is Scope.CHAT_LIFETIME and status.remaining is not None:
            smallest[status.unit] = min(status.remaining, smallest.get(status.unit, status.remaining))
    return smallest
