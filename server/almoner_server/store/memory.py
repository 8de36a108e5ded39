"""Rows as this process last saw them, so that a batch on known accounts need not read anything.

Nothing here has to be true. A batch decides on what is remembered, and its write is refused if any of it has changed,
just as it is for a batch that has read (see `write_batch.sql`). Then it reads. Where other processes write to
the same accounts this would happen often, so after a refusal memory is not trusted for a while.

A hold has no version: that of its user's account guards it. So it is remembered under the account's epoch, a new one
whenever the account is found at a version that this process has not made: somebody else may have ended its holds.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.core.footprint import Footprint
from almoner_server.core.records import AccountKey, Hold, Limit, NamespaceRules, Spender, Target
from almoner_server.core.terms import AccountKind, HoldState
from almoner_server.store.bounded import Bounded
from almoner_server.store.reading import Found, moment_of

ROWS = 20_000
"""Accounts, and open holds, that are remembered: some 1.5 KB each."""
SHORTEST_DISTRUST = 64
LONGEST_DISTRUST = 8192
"""Batches that read after one that should have: twice as many each time."""
CLOCK_SECONDS = 60.0
"""How long the database's clock is followed without looking at it."""


@dataclass(slots=True)
class Settings:
    """Holds what is remembered of a namespace as of one revision: groups of users, limits of users and chats."""

    revision: tuple[int, int]
    groups: Bounded[tuple[str, str], tuple[str, ...]] = field(default_factory=lambda: Bounded(ROWS))
    limits: Bounded[tuple[str, Target], tuple[Limit, ...]] = field(default_factory=lambda: Bounded(ROWS))


class Memory:
    """Remembers rows. What a batch takes out of it is in it again only after the commit."""

    def __init__(self) -> None:
        self._accounts: Bounded[AccountKey, Account] = Bounded(ROWS)
        self._holds: Bounded[tuple[str, UUID], tuple[Hold, int]] = Bounded(ROWS)
        """Open ones, each with the epoch of its user's account."""
        self._epochs = count(1)
        self._settings: Bounded[str, Settings] = Bounded(ROWS)
        self._clock: tuple[datetime, float] | None = None
        self._distrust = 0
        self._next_distrust = SHORTEST_DISTRUST

    def forget(self) -> None:
        """Forget everything: the database may be another one now."""
        self._accounts.clear()
        self._holds.clear()
        self._settings.clear()
        self._clock = None

    def was_wrong(self) -> None:
        """Trust nothing for a while."""
        self.forget()
        self._distrust = self._next_distrust
        self._next_distrust = min(2 * self._next_distrust, LONGEST_DISTRUST)

    def was_right(self) -> None:
        """Trust a little more."""
        self._next_distrust = max(SHORTEST_DISTRUST, self._next_distrust - 1)

    def recall(self, wanted: Footprint) -> Found | None:
        """Take out the rows of a footprint; None if not all of them are remembered.

        Ids of checks and charges are taken for new: see `BatchReader.require_new`.
        """
        if self._distrust:
            self._distrust -= 1
            return None
        now = self._now()
        if now is None or not self._knows(wanted):
            return None
        accounts = {key: self._accounts.pop(key) for key in wanted.accounts}
        revisions = {name: self._settings[name].revision for name in wanted.namespaces}
        book = Book(
            now=moment_of(now, accounts.values()),
            namespaces={name: rules for name, rules in wanted.namespaces.items() if rules is not None},
            accounts=accounts,
            chains={chat: chain for chat, chain in wanted.chats.items() if chain is not None},
            groups=wanted.users,
            limits={key: self._settings[key[0]].limits[key] for key in wanted.targets},
            holds={
                key: self._holds.pop(key)[0] for key, spender in wanted.holds.items() if spender is not None
            },
        )
        return Found(now, False, False, revisions, book, from_memory=True)

    def remember(self, found: Found, wanted: Footprint) -> None:
        """Remember what a batch has read, as it is after its commit."""
        if self._distrust or found.clock_is_set:
            return
        book = found.book
        if not found.from_memory:
            self._remember_settings(found, wanted)
            self._set_epochs(book)
        self._accounts.remember(_as_written(book))
        holds = []
        for hold_key, hold in book.holds.items():
            if hold.state is HoldState.OPEN:
                holds.append((hold_key, (hold, book.accounts[_user_of(hold_key, hold.spender)].epoch)))
            else:
                self._holds.pop(hold_key, None)
        self._holds.remember(holds)

    def _set_epochs(self, book: Book) -> None:
        """Give accounts that were read their epoch: the old one if they are as they were remembered."""
        for key, account in book.accounts.items():
            seen = self._accounts.get(key)
            known = seen is not None and seen.version == account.version
            account.epoch = seen.epoch if seen is not None and known else next(self._epochs)

    def _remember_settings(self, found: Found, wanted: Footprint) -> None:
        book = found.book
        for name, revision in found.revisions.items():
            known = self._settings.get(name)
            if known is None or known.revision != revision:
                self._settings.remember([(name, Settings(revision))])
        for user in wanted.users:
            if user[0] in found.revisions:
                self._settings[user[0]].groups.remember([(user, book.groups.get(user, ()))])
        for target in wanted.targets:
            if target[0] in found.revisions:
                self._settings[target[0]].limits.remember([(target, book.limits.get(target, ()))])

    def set_clock(self, now: datetime) -> None:
        """Follow the database's clock from here. What is read lags behind it by one answer, and never leads."""
        last = self._now()
        self._clock = (now if last is None else max(now, last), time.monotonic())

    def _now(self) -> datetime | None:
        if self._clock is None:
            return None
        then, at = self._clock
        passed = time.monotonic() - at
        return then + timedelta(seconds=passed) if passed < CLOCK_SECONDS else None

    def _knows(self, wanted: Footprint) -> bool:
        return (
            not wanted.asks_for_unknown
            and wanted.accounts <= self._accounts.keys()
            and None not in wanted.chats.values()
            and all(self._knows_rules(name, rules) for name, rules in wanted.namespaces.items())
            and all(
                self._settings[user[0]].groups.get(user) == stored for user, stored in wanted.users.items()
            )
            and all(target in self._settings[target[0]].limits for target in wanted.targets)
            and all(self._knows_hold(key, spender) for key, spender in wanted.holds.items() if spender)
        )

    def _knows_rules(self, name: str, rules: NamespaceRules | None) -> bool:
        settings = self._settings.get(name)
        return settings is not None and rules is not None and settings.revision[1] == rules.revision

    def _knows_hold(self, key: tuple[str, UUID], spender: Spender) -> bool:
        _, epoch = self._holds.get(key, (None, 0))
        return epoch == self._accounts[_user_of(key, spender)].epoch


def _as_written(book: Book) -> dict[AccountKey, Account]:
    """Bring accounts to the state of their rows after the commit; leave out those that have no row."""
    for account in book.accounts.values():
        if account.dirty:
            account.version += 1
            account.dirty = False
    return {key: account for key, account in book.accounts.items() if account.version}


def _user_of(hold: tuple[str, UUID], spender: Spender) -> AccountKey:
    return AccountKey(hold[0], AccountKind.USER, spender.user)
