"""One caller in the waiting room, and which accounts its request touches."""

import asyncio
from collections.abc import Callable, Hashable

from almoner_server.core.records import AccountKey, Target
from almoner_server.core.requests import Check, CheckResult, Decision
from almoner_server.core.terms import AccountKind, TargetKind
from almoner_server.engine.calls import Outcome, Unheard

_ACCOUNT_KINDS = {
    TargetKind.CHAT: AccountKind.CHAT,
    TargetKind.GROUP_POOL: AccountKind.GROUP,
    TargetKind.NAMESPACE_POOL: AccountKind.NAMESPACE,
}


class Waiter:
    """Is a check that is willing to wait. `decided` hears what became of each try."""

    __slots__ = (
        "_decided",
        "again",
        "context",
        "decision_known",
        "future",
        "last",
        "refusal",
        "request",
        "ticket",
        "touches",
        "tried",
        "trying",
        "unheard",
        "waits_on",
        "whole",
    )

    def __init__(
        self,
        ticket: int,
        request: Check,
        context: Hashable | None,
        decided: Callable[["Waiter", Outcome], None],
    ) -> None:
        self._decided = decided
        self.ticket = ticket
        self.request = request
        self.context = context
        self.future: asyncio.Future[CheckResult] = asyncio.get_running_loop().create_future()
        self.touches = named_accounts(request)
        """Accounts that may refuse; exact once there is a decision."""
        self.decision_known = False
        self.waits_on: set[AccountKey] = set()
        """The lines it stands in."""
        self.refusal: CheckResult | None = None
        """The latest BUSY decision."""
        self.trying = False
        """A try is under way."""
        self.whole = False
        """That try is the request itself, not only a look at the limits."""
        self.unheard: Unheard | None = None
        """Hears the outcome of a try that ends when the caller has gone."""
        self.again = False
        """Room was made during that try, which may have come too early to see it."""
        self.last = False
        """The wait is over: what is decided next is the answer."""
        self.tried = 0.0
        """When the latest try ended, on the monotonic clock."""

    @property
    def gone(self) -> bool:
        """Tell whether the caller has its answer or was cancelled."""
        return self.future.done()

    def deliver(self, slot: int, outcome: Outcome) -> None:
        """Pass the outcome of a try on to the room."""
        del slot
        self._decided(self, outcome)


def named_accounts(request: Check) -> frozenset[AccountKey]:
    """Return the accounts a request names itself: no ancestors of its chat, no groups stored for its user."""
    name = request.namespace
    chats = {chat for chat in (request.chat, request.parent) if chat}
    return frozenset(
        {
            AccountKey(name, AccountKind.USER, request.user),
            AccountKey(name, AccountKind.NAMESPACE, ""),
            *(AccountKey(name, AccountKind.CHAT, chat) for chat in chats),
            *(AccountKey(name, AccountKind.GROUP, group) for group in request.groups),
        }
    )


def limited_accounts(request: Check, decision: Decision) -> frozenset[AccountKey]:
    """Return the accounts whose limits were evaluated: only these can refuse."""
    return frozenset(_account_of(request, limit.source) for limit in decision.limits)


def _account_of(request: Check, source: Target) -> AccountKey:
    kind = _ACCOUNT_KINDS.get(source.kind)
    if kind is None:  # a tier of the hierarchy: the limit is the user's
        return AccountKey(request.namespace, AccountKind.USER, request.user)
    return AccountKey(request.namespace, kind, source.id)
