"""What was spent against every limit, as the server tells it after the play."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from almoner import Client
from almoner.cli.exits import line_of_error
from almoner.cli.replay.survey import Survey
from almoner.errors import CallError
from almoner.types.enums import AccountKind, Period, TargetKind
from almoner.types.limits import LimitStatus
from almoner.types.parties import Target
from almoner.types.status import Status

_AT_ONCE = 16
_POOLED = {TargetKind.CHAT, TargetKind.GROUP_POOL, TargetKind.NAMESPACE_POOL}


@dataclass(frozen=True, slots=True)
class Spending:
    """Shows one limit for one account."""

    account: str
    """Whose spend it is: that of a user, a chat or a group; empty for everybody's."""
    status: LimitStatus

    @property
    def over(self) -> int:
        """Tell by how much the limit has been crossed."""
        limit, used = self.status.limit, self.status.spent + self.status.held
        return 0 if limit is None else max(0, used - limit)

    @property
    def share(self) -> float:
        """Tell which part of the limit is spent or held, 1 for all of it."""
        used = self.status.spent + self.status.held
        return used / self.status.limit if self.status.limit else float(used)


@dataclass(frozen=True, slots=True)
class Spendings:
    """Shows every limit for every account of a replay, and what all its users have ever spent."""

    limits: tuple[Spending, ...]
    """By kind of limit, those used most first."""
    spent: Counter[str]
    """By unit."""
    unknown: str = ""
    """Why the server did not tell, if it did not; then the rest is empty."""


async def spendings(quota: Client, whole: Survey) -> Spendings:
    """Ask for the status of every user of a script, and of every chat of it that is limited.

    A server that no longer answers must not cost the report of what it did before.
    """
    try:
        return await _ask(quota, whole)
    except CallError as error:
        return Spendings((), Counter(), line_of_error(error))


async def _ask(quota: Client, whole: Survey) -> Spendings:
    free = asyncio.Semaphore(_AT_ONCE)

    async def ask_user(user: str) -> Status:
        async with free:
            return await quota.status(user=user, groups=whole.user_groups[user])

    async def ask_chat(chat: str) -> Status:
        async with free:
            return await quota.status(chat=chat)

    limited = {
        limit.target.id
        async for limit in quota.admin.list_limits(target=Target(TargetKind.CHAT), page_size=1000)
    }
    users = await asyncio.gather(*map(ask_user, whole.user_groups))
    chats = await asyncio.gather(*map(ask_chat, limited & whole.openings.keys()))
    return Spendings(_ordered([*users, *chats]), _spent(users))


def _ordered(answers: Iterable[Status]) -> tuple[Spending, ...]:
    """Collect limits, each once for each account that it counts."""
    found = {
        (account, status.source, status.unit, status.period): Spending(account, status)
        for answer in answers
        for status in answer.limits
        for account in [_account(answer, status)]
    }
    return tuple(sorted(found.values(), key=_place))


def _account(answer: Status, status: LimitStatus) -> str:
    if status.source.kind in _POOLED:
        return status.source.id
    return next(told.account.id for told in answer.accounts if told.account.kind is AccountKind.USER)


def _place(spending: Spending) -> tuple[str, str, str, float, str]:
    status = spending.status
    return status.source.kind, status.unit, status.period, -spending.share, spending.account


def _spent(users: Iterable[Status]) -> Counter[str]:
    """Sum up what users have spent ever, limited or not."""
    spent: Counter[str] = Counter()
    for user in users:
        for account in user.accounts:
            lifetimes = (usage for usage in account.usages if usage.period is Period.LIFETIME)
            spent.update({usage.unit: usage.spent for usage in lifetimes})
    return spent
