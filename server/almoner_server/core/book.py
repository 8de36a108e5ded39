"""Everything one batch may touch: read under lock, changed in memory by the decisions, then written in one go."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from almoner_server.core.accounts import Account
from almoner_server.core.calendar import day_of
from almoner_server.core.records import (
    AccountKey,
    Adjustment,
    Charge,
    Hold,
    Limit,
    NamespaceRules,
    Spender,
    Target,
)
from almoner_server.core.terms import AccountKind, HoldState


@dataclass(slots=True)
class Book:
    """Holds the rows of a batch at `now`, and what is to be written. A request that fails changes nothing in it."""

    now: datetime
    namespaces: dict[str, NamespaceRules]
    accounts: dict[AccountKey, Account] = field(default_factory=dict)
    chains: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    groups: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Stored groups of (namespace, user)."""
    limits: dict[tuple[str, Target], tuple[Limit, ...]] = field(default_factory=dict)
    """Limits of single users and chats; those of the whole namespace are in its rules."""
    holds: dict[tuple[str, UUID], Hold] = field(default_factory=dict)
    charges: dict[tuple[str, UUID], Charge] = field(default_factory=dict)
    adjustments: dict[tuple[str, UUID], Adjustment] = field(default_factory=dict)
    estimates: dict[tuple[str, UUID], Charge] = field(default_factory=dict)
    """What holds that are forgotten, by their ids, were charged at their expiry."""

    new_chats: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    new_holds: dict[tuple[str, UUID], Hold] = field(default_factory=dict)
    changed_holds: dict[tuple[str, UUID], Hold] = field(default_factory=dict)
    new_expiries: dict[tuple[str, datetime], list[UUID]] = field(default_factory=dict)
    """Ids of holds to look at when their time has come: those of (namespace, expire_time)."""
    new_charges: dict[tuple[str, UUID], Charge] = field(default_factory=dict)
    changed_charges: dict[tuple[str, UUID], Charge] = field(default_factory=dict)
    new_adjustments: dict[tuple[str, UUID], Adjustment] = field(default_factory=dict)
    freed: set[AccountKey] = field(default_factory=set)
    """Accounts on which room was made."""
    today: int = field(init=False)
    """The ordinal of the day of `now`."""

    def __post_init__(self) -> None:
        """Look at the calendar once for all requests."""
        self.today = day_of(self.now)

    @property
    def has_changed(self) -> bool:
        """Tell whether there is anything to write."""
        return bool(
            self.new_holds
            or self.changed_holds
            or self.new_charges
            or self.changed_charges
            or self.new_adjustments
            or self.new_chats
        )

    def account(self, key: AccountKey) -> Account:
        """Return an account, rolled forward to today. It must have been read: a missing one is a bug."""
        account = self.accounts[key]
        if account.day < self.today:
            account.roll(self.today)
        return account

    def groups_of(self, namespace: str, user: str, named: tuple[str, ...]) -> tuple[str, ...]:
        """Return the groups stored for a user together with those the request names, sorted."""
        stored = self.groups.get((namespace, user), ())
        return tuple(sorted({*named, *stored})) if named or stored else ()

    def accounts_of(self, namespace: str, spender: Spender) -> list[Account]:
        """Return every account a spend counts for: the user, its chats, and the pools that are limited."""
        return [self.account(key) for key in account_keys(self.namespaces[namespace], spender)]

    def free(self, accounts: Iterable[Account]) -> None:
        """Note that room was made on accounts."""
        self.freed.update([account.key for account in accounts])

    def add_chat(self, namespace: str, chat: str, chain: tuple[str, ...]) -> None:
        """Create a chat."""
        self.chains[namespace, chat] = self.new_chats[namespace, chat] = chain

    def add_hold(self, hold: Hold) -> None:
        """Store a new hold."""
        self.holds[hold.namespace, hold.id] = self.new_holds[hold.namespace, hold.id] = hold
        if hold.state is HoldState.OPEN:
            self.list_expiry(hold)

    def list_expiry(self, hold: Hold) -> None:
        """Note that a hold is to be looked at when its time has come. Where it was listed before, it stays."""
        self.new_expiries.setdefault((hold.namespace, hold.expire_time), []).append(hold.id)

    def change_hold(self, hold: Hold) -> None:
        """Note that a hold has changed. One made in this batch is written as new, once.

        It changes its user's account too, if only the version: that is what guards a user's holds.
        """
        self.accounts[AccountKey(hold.namespace, AccountKind.USER, hold.spender.user)].dirty = True
        if (hold.namespace, hold.id) not in self.new_holds:
            self.changed_holds[hold.namespace, hold.id] = hold

    def add_charge(self, charge: Charge) -> None:
        """Book a new charge in the ledger."""
        self.charges[charge.namespace, charge.id] = self.new_charges[charge.namespace, charge.id] = charge

    def change_charge(self, charge: Charge) -> None:
        """Put a corrected charge in the place of what it was."""
        key = (charge.namespace, charge.id)
        self.charges[key] = charge
        changed = self.new_charges if key in self.new_charges else self.changed_charges
        changed[key] = charge

    def add_adjustment(self, adjustment: Adjustment) -> None:
        """Book a correction in the ledger."""
        key = (adjustment.namespace, adjustment.id)
        self.adjustments[key] = self.new_adjustments[key] = adjustment


def account_keys(rules: NamespaceRules, spender: Spender) -> list[AccountKey]:
    """Return the keys of every account a spend counts for (docs/semantics.md, Accounts)."""
    user, groups, chain = spender
    keys = [AccountKey(rules.name, AccountKind.USER, user)] if user else []
    if chain:
        keys += [AccountKey(rules.name, AccountKind.CHAT, chat) for chat in chain]
    if groups and rules.pooled_groups:
        keys += [
            AccountKey(rules.name, AccountKind.GROUP, group)
            for group in groups
            if group in rules.pooled_groups
        ]
    if rules.has_namespace_pool:
        keys.append(AccountKey(rules.name, AccountKind.NAMESPACE, ""))
    return keys
