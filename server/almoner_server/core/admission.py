"""May this be spent? Every limit that applies is evaluated; all must pass (docs/semantics.md, Admission)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.core.calendar import shared_periods, window
from almoner_server.core.hierarchy import effective_limits
from almoner_server.core.records import AccountKey, Amounts, Limit, NamespaceRules, Spender, Target
from almoner_server.core.requests import Decision, LimitStatus
from almoner_server.core.terms import IN_FLIGHT, AccountKind, Period, RefusalReason, Scope, TargetKind

BUSY_RETRY = timedelta(seconds=1)
"""How long a refusal for BUSY advises to wait: holds settle when a model call ends."""


class Applicable(NamedTuple):
    """Pairs a limit with the account it counts on."""

    scope: Scope
    limit: Limit
    account: Account


_BY_SCOPE = itemgetter(0)


class Own(NamedTuple):
    """Says what the caller itself already holds, and from which day: an Extend takes the place of it."""

    held: Amounts
    day: int


def applicable_limits(
    book: Book, namespace: str, spender: Spender, member_of: tuple[str, ...] | None = None
) -> list[Applicable]:
    """Return every limit in force for any account of the spender, in listing order.

    Chat limits come first (root before child), then the user's, then pools, then those on `in_flight`. A namespace
    that is not enabled has none. `member_of` says in which groups the user is if these are others than the spender's.
    """
    rules = book.namespaces[namespace]
    if not rules.enabled:
        return []
    user, groups, chain = spender
    found = [*_of_chats(book, namespace, chain)] if chain else []
    if user:  # a status may be of a chat alone
        found += _of_user(book, rules, user, groups if member_of is None else member_of)
    if rules.has_namespace_pool or (groups and rules.pooled_groups):
        found += _of_pools(book, rules, groups)
    if len(found) > 1:
        found.sort(key=_BY_SCOPE)
    return found


def decide(
    limits: Iterable[Applicable], amounts: Mapping[str, int], now: datetime, own: Own | None = None
) -> Decision:
    """Evaluate every limit for the amounts; a unit that is not named counts 0. Pure: nothing is changed."""
    statuses = tuple([evaluate(limit, amounts.get(limit.limit.key.unit, 0), own) for limit in limits])
    reasons = [status.refusal for status in statuses if status.refusal is not None]
    if not reasons:
        return Decision(statuses)
    if RefusalReason.EXHAUSTED in reasons:
        return Decision(statuses, RefusalReason.EXHAUSTED, _until_reset(statuses, now))
    return Decision(statuses, RefusalReason.BUSY, BUSY_RETRY)


def evaluate(applicable: Applicable, amount: int | None, own: Own | None = None) -> LimitStatus:
    """Evaluate one limit for an amount of its unit; None only describes it and never refuses."""
    scope, limit, account = applicable
    source, unit, period = limit.key
    spent, held = account.spent(unit, period), account.held(unit, period)
    refusal = None
    if amount is not None and limit.amount is not None:
        others = held if own is None else held - _own_held(own, account, unit, period)
        refusal = _refusal(limit.amount, spent, others, amount)
    start, end = window(period, account.day)
    return LimitStatus(scope, source, unit, period, limit.amount, spent, held, start, end, refusal)


def blocking_accounts(limits: Iterable[Applicable], decision: Decision) -> tuple[AccountKey, ...]:
    """Return the accounts whose limits refused, in listing order: what to wait on."""
    pairs = zip(limits, decision.limits, strict=True)
    return tuple(dict.fromkeys(limit.account.key for limit, status in pairs if status.refusal is not None))


def _refusal(limit: int, spent: int, held: int, amount: int) -> RefusalReason | None:
    """Apply the rule: spent + held + amount must not exceed the limit, and asking for 0 needs room for more."""
    needed = amount or 1
    if spent + needed > limit:
        return RefusalReason.EXHAUSTED
    if spent + held + needed > limit:
        return RefusalReason.BUSY
    return None


def _own_held(own: Own, account: Account, unit: str, period: Period) -> int:
    if period not in shared_periods(account.day, own.day):
        return 0
    return own.held.get(unit, 0)


def _until_reset(statuses: Iterable[LimitStatus], now: datetime) -> timedelta | None:
    """Return the time until the latest reset among the exhausted limits; None if one of them never resets."""
    resets = [status.reset_time for status in statuses if status.refusal is RefusalReason.EXHAUSTED]
    known = [reset for reset in resets if reset is not None]
    return max(known) - now if len(known) == len(resets) else None


def _scope(limit: Limit, scope: Scope) -> Scope:
    return Scope.IN_FLIGHT if limit.key.unit == IN_FLIGHT else scope


def _of_chats(book: Book, namespace: str, chain: Iterable[str]) -> Iterable[Applicable]:
    for chat in chain:
        limits = book.limits.get((namespace, Target(TargetKind.CHAT, chat)), ())
        if limits:
            account = book.account(AccountKey(namespace, AccountKind.CHAT, chat))
            for limit in limits:
                yield Applicable(_scope(limit, Scope.CHAT_LIFETIME), limit, account)


def _of_user(book: Book, rules: NamespaceRules, user: str, groups: tuple[str, ...]) -> list[Applicable]:
    overrides = book.limits.get((rules.name, Target(TargetKind.USER, user)), ())
    limits = effective_limits(rules, groups, overrides, book.now)
    if not limits:
        return []
    account = book.account(AccountKey(rules.name, AccountKind.USER, user))
    return [Applicable(_scope(limit, Scope.ACCOUNT_PERIOD), limit, account) for limit in limits]


def _of_pools(book: Book, rules: NamespaceRules, groups: Iterable[str]) -> Iterable[Applicable]:
    pooled = [group for group in groups if group in rules.pooled_groups]
    pools = [(Target(TargetKind.GROUP_POOL, group), AccountKind.GROUP) for group in pooled]
    if rules.has_namespace_pool:
        pools.append((Target(TargetKind.NAMESPACE_POOL, ""), AccountKind.NAMESPACE))
    for target, kind in pools:
        for limit in rules.limits.get(target, ()):  # none while the pool is being filled
            account = book.account(AccountKey(rules.name, kind, target.id))
            yield Applicable(_scope(limit, Scope.POOL), limit, account)
