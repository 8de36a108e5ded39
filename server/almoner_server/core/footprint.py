"""Which rows a request may touch: all of them are read before anything is decided.

Whose a hold is, in which groups a user is, under which parent a chat lies: this decides which accounts are touched, and
is itself in the rows. So a footprint is worked out from what is remembered, keeps what it took for true, and is worked
out again if the rows say something else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from almoner_server.core.book import Book, account_keys
from almoner_server.core.records import AccountKey, NamespaceRules, Spender, Target
from almoner_server.core.requests import Adjust, Check, Commit, Extend, Request
from almoner_server.core.terms import TargetKind


class Remembered(Protocol):
    """Says what is taken for true until the rows are read. What is not in a mapping is not known."""

    @property
    def rules(self) -> Mapping[str, NamespaceRules]:
        """The rules of namespaces."""

    @property
    def groups(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The stored groups of users."""

    @property
    def chains(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The chains of chats."""

    @property
    def holds(self) -> Mapping[tuple[str, UUID], Spender]:
        """Whose holds are."""

    @property
    def charges(self) -> Mapping[tuple[str, UUID], Spender]:
        """Whose charges are."""

    @property
    def estimates(self) -> Mapping[tuple[str, UUID], Spender]:
        """Who was charged at the expiry of holds that are forgotten, by the ids of the holds."""


@dataclass(slots=True)
class Footprint:
    """Lists rows by their keys. A value is what was taken for true of the row, None if nothing was."""

    namespaces: dict[str, NamespaceRules | None] = field(default_factory=dict)
    users: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    chats: dict[tuple[str, str], tuple[str, ...] | None] = field(default_factory=dict)
    holds: dict[tuple[str, UUID], Spender | None] = field(default_factory=dict)
    adjusted: dict[tuple[str, UUID], Spender | None] = field(default_factory=dict)
    """Charges to be corrected."""
    booked: set[tuple[str, UUID]] = field(default_factory=set)
    """Charges that may have been booked already."""
    adjustments: set[tuple[str, UUID]] = field(default_factory=set)
    accounts: set[AccountKey] = field(default_factory=set)
    targets: set[tuple[str, Target]] = field(default_factory=set)
    """Single users and chats whose limits count."""
    asks_for_unknown: bool = False
    """Whether a request is about a hold or charge of which nothing is known, instead of bringing a new one."""

    def holds_true(self, book: Book) -> bool:
        """Tell whether all that was taken for true is so in the book: then the footprint is complete."""
        return (
            all(book.groups.get(user, ()) == groups for user, groups in self.users.items())
            and all(book.chains.get(chat) == chain for chat, chain in self.chats.items())
            and all(_spender(book.holds.get(key)) == spender for key, spender in self.holds.items())
            and all(_spender(book.charges.get(key)) == spender for key, spender in self.adjusted.items())
        )


def footprint(requests: Iterable[Request], remembered: Remembered) -> Footprint:
    """Work out what requests may touch."""
    found = Footprint()
    for request in requests:
        rules = found.namespaces[request.namespace] = remembered.rules.get(request.namespace)
        if isinstance(request, Check):
            _add_check(found, request, rules, remembered)
        elif isinstance(request, Commit):
            _add_commit(found, request, rules, remembered)
        elif isinstance(request, Adjust):
            _add_adjust(found, request, rules, remembered)
        else:
            spender = _add_old_hold(found, request.namespace, request.hold_id, rules, remembered)
            if spender is not None and isinstance(request, Extend):
                _add_admission(found, request.namespace, spender, remembered)
    return found


def _add_check(found: Footprint, request: Check, rules: NamespaceRules | None, known: Remembered) -> None:
    if request.hold is not None:
        _add_hold(found, request.namespace, request.hold.id, rules, known)
    spender = _add_named(found, request, known)
    _add_accounts(found, rules, spender)
    _add_targets(found, request.namespace, spender)


def _add_commit(found: Footprint, request: Commit, rules: NamespaceRules | None, known: Remembered) -> None:
    found.booked.add((request.namespace, request.charge_id))
    if request.hold_id is not None:
        _add_old_hold(found, request.namespace, request.hold_id, rules, known)
    if request.user:
        _add_accounts(found, rules, _add_named(found, request, known))
        _add_estimate(found, request, rules, known)


def _add_estimate(found: Footprint, request: Commit, rules: NamespaceRules | None, known: Remembered) -> None:
    """Add what the estimate counts for that a hold, forgotten itself, has left at its expiry."""
    if request.hold_id is not None and found.holds[request.namespace, request.hold_id] is None:
        estimate = known.estimates.get((request.namespace, request.hold_id))
        if estimate is not None:
            _add_accounts(found, rules, estimate)


def _add_adjust(found: Footprint, request: Adjust, rules: NamespaceRules | None, known: Remembered) -> None:
    key = (request.namespace, request.charge_id)
    found.adjustments.add((request.namespace, request.adjustment_id))
    found.asks_for_unknown = True  # an adjustment shows those before it
    spender = found.adjusted[key] = known.charges.get(key)
    if spender is not None:
        _add_accounts(found, rules, spender)


def _add_hold(
    found: Footprint, namespace: str, hold_id: UUID, rules: NamespaceRules | None, known: Remembered
) -> Spender | None:
    key = (namespace, hold_id)
    spender = found.holds[key] = known.holds.get(key)
    if spender is not None:
        _add_accounts(found, rules, spender)
    return spender


def _add_old_hold(
    found: Footprint,
    namespace: str,
    hold_id: UUID,
    rules: NamespaceRules | None,
    known: Remembered,
) -> Spender | None:
    spender = _add_hold(found, namespace, hold_id, rules, known)
    if spender is None:
        found.asks_for_unknown = True
    return spender


def _add_admission(found: Footprint, namespace: str, spender: Spender, known: Remembered) -> None:
    """Add what decides whether a hold may grow: limits on its spender, and the groups its user is in now."""
    _add_targets(found, namespace, spender)
    user = (namespace, spender.user)
    found.users[user] = known.groups.get(user, ())


def _add_named(found: Footprint, request: Check | Commit, known: Remembered) -> Spender:
    """Add the rows that say whom a request names, and return whom, as far as is known."""
    user = (request.namespace, request.user)
    stored = found.users[user] = known.groups.get(user, ())
    groups = tuple(sorted({*request.groups, *stored})) if request.groups or stored else ()
    for chat in (request.chat, request.parent):
        if chat:
            found.chats[request.namespace, chat] = known.chains.get((request.namespace, chat))
    return Spender(request.user, groups, _likely_chain(found, request) if request.chat else ())


def _likely_chain(found: Footprint, request: Check | Commit) -> tuple[str, ...]:
    """Return the chain a request will have unless it is refused for its parent."""
    chain = found.chats[request.namespace, request.chat]
    if chain is not None:
        return chain
    if not request.parent:
        return (request.chat,)
    return (*(found.chats[request.namespace, request.parent] or (request.parent,)), request.chat)


def _add_accounts(found: Footprint, rules: NamespaceRules | None, spender: Spender) -> None:
    if rules is not None:
        found.accounts.update(account_keys(rules, spender))


def _add_targets(found: Footprint, namespace: str, spender: Spender) -> None:
    found.targets.update([(namespace, target) for target in limit_targets_of(spender)])


def limit_targets_of(spender: Spender) -> list[Target]:
    """Return the single users and chats whose limits count for a spender."""
    targets = [Target(TargetKind.USER, spender.user)]
    if spender.chain:
        targets += [Target(TargetKind.CHAT, chat) for chat in spender.chain]
    return targets


class _Spent(Protocol):
    @property
    def spender(self) -> Spender: ...


def _spender(entry: _Spent | None) -> Spender | None:
    return None if entry is None else entry.spender
