"""Where callers whose check was refused as BUSY wait until there is room (docs/semantics.md, Waiting).

First come, first served on every account. Nobody in here holds a connection, a lock or a transaction. Whoever
is first in the line of an account is tried again when the account may have room, the next one only when the
first has left the line.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from datetime import timedelta
from itertools import count

from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import AccountKey
from almoner_server.core.requests import Check, CheckResult
from almoner_server.core.terms import AccountKind, RefusalReason
from almoner_server.engine.calls import Call, Outcome, Unheard, settle
from almoner_server.engine.lines import Lines
from almoner_server.engine.waiter import Waiter, limited_accounts
from almoner_server.store import StoreUnavailable


class WaitingRoom:
    """Keeps waiters in line and tries them in turn. `add` puts a call into its lane."""

    def __init__(self, add: Callable[[Call], None], max_waiting: int) -> None:
        self._add = add
        self._max_waiting = max_waiting
        self._tickets = count()
        self._present: set[Waiter] = set()
        self._lines: Lines[Waiter] = Lines()
        self._dismissed = False

    def __len__(self) -> int:
        """Count those who stand in line."""
        return len(self._lines)

    @property
    def full(self) -> bool:
        """Tell whether nobody else may come in."""
        return len(self._present) >= self._max_waiting

    @property
    def accounts(self) -> set[AccountKey]:
        """Name the accounts that somebody waits on."""
        return self._lines.accounts

    async def check(
        self, request: Check, wait: timedelta, context: Hashable | None, unheard: Unheard | None = None
    ) -> CheckResult:
        """Decide a check; if it is refused as BUSY, decide it again when there may be room, for up to `wait`.

        When the wait is over it is decided once more, as if it had come just then without wanting to wait.
        `unheard` hears what the request itself came to if the caller had gone by then.
        """
        waiter = Waiter(next(self._tickets), request, context, self._tried)
        waiter.unheard = unheard
        timer = asyncio.get_running_loop().call_later(wait.total_seconds(), self._hurry, waiter)
        self._present.add(waiter)
        try:
            self._try(waiter)
            return await waiter.future
        finally:
            timer.cancel()
            self._leave(waiter)

    def wake(self, accounts: Iterable[AccountKey]) -> None:
        """Try whoever is first on any of the accounts: room may have been made there."""
        if len(self._lines) and not self._dismissed:
            firsts = map(self._lines.first, accounts)
            self._visit(dict.fromkeys(waiter for waiter in firsts if waiter is not None))

    def wake_tagged(self, tags: frozenset[int]) -> None:
        """Do as `wake` for accounts that are known by their tags only."""
        self.wake(self._lines.tagged(tags))

    def wake_namespace(self, namespace: str) -> None:
        """Do as `wake` for every account of a namespace: its limits have changed."""
        self.wake([key for key in self._lines.accounts if key.namespace == namespace])

    def wake_overdue(self, seconds: float, at_most: int) -> None:
        """Try those first in a line who were not tried for a while: windows roll without anybody's doing."""
        before = time.monotonic() - seconds
        overdue = [waiter for waiter in self._lines.firsts() if not waiter.trying and waiter.tried <= before]
        self._visit(sorted(overdue, key=lambda waiter: waiter.tried)[:at_most])

    def dismiss(self) -> None:
        """End every wait at once, with the latest decision where there is one; nobody may come in then."""
        self._dismissed = True
        for waiter in list(self._present):
            if waiter.refusal is not None and not waiter.trying:
                self._end(waiter, waiter.refusal)
            else:
                self._hurry(waiter)

    def _visit(self, waiters: Iterable[Waiter]) -> None:
        for waiter in waiters:
            if waiter.trying:
                waiter.again = True
            else:
                self._try(waiter)

    def _hurry(self, waiter: Waiter) -> None:
        waiter.last = True
        if not waiter.trying and not waiter.gone:
            self._try(waiter)

    def _try(self, waiter: Waiter) -> None:
        """Send the request, or the question alone, which takes nothing, if others are to be served first."""
        waiter.trying, waiter.again = True, False
        waiter.whole = waiter.last or waiter.request.hold is None or self._may_be_served(waiter)
        request = waiter.request if waiter.whole else waiter.request._replace(hold=None)
        try:
            self._add(Call(request, waiter, 0, waiter.context, time.monotonic()))
        except RequestFailed as error:
            waiter.trying, waiter.tried = False, time.monotonic()
            if waiter.last or not waiter.waits_on:
                self._end_soon(waiter, error)
        except StoreUnavailable as error:
            self._end_soon(waiter, error)

    def _may_be_served(self, waiter: Waiter) -> bool:
        """Tell whether nobody who came earlier waits on an account that the request touches."""
        if self._lines.ahead(waiter.ticket, waiter.touches):
            return False
        return waiter.decision_known or not self._may_touch_more(waiter.request)

    def _may_touch_more(self, request: Check) -> bool:
        """Tell whether somebody waits on an account that the request may touch without naming it."""
        of_chats = bool(request.chat) and self._lines.any_of(request.namespace, AccountKind.CHAT)
        return of_chats or self._lines.any_of(request.namespace, AccountKind.GROUP)

    def _tried(self, waiter: Waiter, outcome: Outcome) -> None:
        waiter.trying, waiter.tried = False, time.monotonic()
        if waiter.gone:
            if waiter.whole and waiter.unheard is not None:
                waiter.unheard(outcome)
            return
        if isinstance(outcome, Exception):
            self._end(waiter, outcome)
            return
        assert isinstance(outcome, CheckResult)
        decision = outcome.decision
        waiter.touches = limited_accounts(waiter.request, decision)
        waiter.decision_known = True
        exhausted = decision.reason is RefusalReason.EXHAUSTED
        if waiter.whole and (decision.allowed or exhausted or waiter.last):
            self._end(waiter, outcome)
            return
        if (
            exhausted
        ):  # nothing to wait for, unless it is the retry of a call that was allowed: the request will tell
            waiter.last = True
        elif not decision.allowed:
            waiter.refusal = outcome
        self._stay(waiter, outcome.blocked_on)

    def _stay(self, waiter: Waiter, blocked_on: Iterable[AccountKey]) -> None:
        lines = {*blocked_on, *self._lines.ahead(waiter.ticket, waiter.touches)}
        changed = self._lines.move(waiter.ticket, waiter, waiter.waits_on, lines)
        waiter.waits_on = lines
        if waiter.last or waiter.again or not lines:
            self._try(waiter)
        self.wake(changed)

    def _end_soon(self, waiter: Waiter, error: Exception) -> None:
        """End a wait, but not from within: one end leads to the next try, which may fail likewise."""
        asyncio.get_running_loop().call_soon(self._end, waiter, error)

    def _end(self, waiter: Waiter, outcome: CheckResult | Exception) -> None:
        settle(waiter.future, outcome)
        self._leave(waiter)

    def _leave(self, waiter: Waiter) -> None:
        self._present.discard(waiter)
        left, waiter.waits_on = waiter.waits_on, set()
        self.wake(self._lines.move(waiter.ticket, waiter, left, set()))
