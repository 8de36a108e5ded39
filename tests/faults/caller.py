"""One caller: holds, commits, releases, charges and disappears, and writes down what it was told."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from almoner import (
    Client,
    Hold,
    InternalError,
    Period,
    QuotaExceeded,
    Raised,
    Refused,
    RequestError,
    ServiceError,
    Target,
    new_id,
)

from tests.faults.journal import Event, Kind, Pen
from tests.faults.rules import HOLD_TOKENS, TEAM, TOP_UP, TREE

T = TypeVar("T")

HOLD_SECONDS = 600.0
"""Longer than any fault: a hold that expires is then one whose caller disappeared."""
SHORT_SECONDS = 1.0
THINK_SECONDS = 0.01
LINES = 2
"""Users at a time; each is shared by every second caller of every process."""


class GivenUp(Exception):
    """Says that a caller no longer wants to know what became of its call, or that asking again is no use."""


class Caller:
    """Spends until told to stop. Its calls are sent again, under the same ids, until they are answered."""

    def __init__(self, quota: Client, pen: Pen, number: int, stop: asyncio.Event, *, new_ids: bool) -> None:
        self._quota = quota
        self._pen = pen
        self._number = number
        self._stop = stop
        self._new_ids = new_ids
        self._generation = 0
        self._random = random.Random(number)

    async def spend(self) -> None:
        """Take one turn after the other."""
        turns = [self._settle] * 12 + [self._release] * 3 + [self._charge] * 3 + [self._disappear] * 2
        while not self._stop.is_set():
            with suppress(GivenUp):
                await self._random.choice(turns)()
            await asyncio.sleep(self._random.uniform(0, 2 * THINK_SECONDS))

    async def top_up(self) -> None:
        """Raise the limit of the chat tree again and again."""
        while not self._stop.is_set():
            request_id = new_id()
            with suppress(GivenUp):
                await self._told(Kind.TOP_UP, request_id, partial(self._raise, request_id))
            await asyncio.sleep(0.1)

    async def _raise(self, request_id: str) -> Raised:
        return await self._quota.admin.raise_limit(
            Target.chat(TREE), unit="tokens", period=Period.LIFETIME, delta=TOP_UP, request_id=request_id
        )

    async def _settle(self) -> None:
        hold = await self._hold(HOLD_SECONDS)
        if hold is None:
            return
        rest = HOLD_TOKENS
        if self._random.random() < 0.3:
            rest -= (part := self._random.randint(1, 4))
            await self._commit(hold, part, new_id())
        await self._commit(hold, self._random.randint(1, rest), None)

    async def _release(self) -> None:
        hold = await self._hold(HOLD_SECONDS)
        if hold is not None:
            await self._told(Kind.RELEASE, hold.id, hold.release)

    async def _disappear(self) -> None:
        await self._hold(SHORT_SECONDS, gives_up=True)

    async def _charge(self) -> None:
        """Book a cost without a hold, of a unit without a limit. Now and then, do not care for the answer."""
        intent, amount = new_id(), self._random.randint(1, 9)

        async def charge() -> object:
            return await self._quota.charge(
                user=self._user,
                groups=[TEAM],
                charge_id=new_id() if self._new_ids else intent,
                credits=amount,
                attributes={"intent": intent},
            )

        gives_up = self._random.random() < 0.2
        await self._told(Kind.CHARGE, intent, charge, gives_up=gives_up, amounts={"credits": amount})

    async def _commit(self, hold: Hold, amount: int, partial_id: str | None) -> None:
        intent = partial_id or hold.id
        await self._told(
            Kind.CHARGE,
            intent,
            lambda: hold.commit(
                tokens=amount,
                partial=partial_id is not None,
                charge_id=partial_id,
                attributes={"intent": intent},
            ),
            amounts={"tokens": amount},
        )

    async def _hold(self, ttl: float, *, gives_up: bool = False) -> Hold | None:
        hold_id, chat = new_id(), self._chat
        try:
            return await self._told(
                Kind.HOLD,
                hold_id,
                lambda: self._quota.open_hold(
                    user=self._user,
                    groups=[TEAM],
                    chat=chat,
                    parent=TREE if chat else None,
                    hold_id=hold_id,
                    ttl=ttl,
                    tokens=HOLD_TOKENS,
                ),
                gives_up=gives_up,
                ends_after=ttl,
            )
        except QuotaExceeded as refusal:
            if any(limit.source.kind.name != "CHAT" for limit in refusal.decision.refused_by):
                self._generation += 1
        except Refused:
            pass
        return None

    async def _told(
        self,
        kind: Kind,
        intent: str,
        call: Callable[[], Awaitable[T]],
        *,
        gives_up: bool = False,
        ends_after: float = math.inf,
        **details: object,
    ) -> T:
        """Make a call until it is answered. Raises the refusal, and GivenUp: after one failure if so wished.

        A hold that was made, but whose answer was lost, may have ended by itself when it is asked for again.
        """
        self._pen.write(Event.SENT, kind, intent, **details)
        sent = time.monotonic()
        while True:
            try:
                answer = await call()
            except (RequestError, InternalError) as error:
                has_ended = error.reason == "HOLD_SETTLED" and time.monotonic() - sent >= ends_after
                event = Event.FAILED if has_ended else Event.WRONG
                self._pen.write(event, kind, intent, code=error.code, message=error.message)
                raise GivenUp from error
            except ServiceError as error:
                self._pen.write(Event.FAILED, kind, intent, code=error.code, message=error.message)
                if gives_up:
                    raise GivenUp from error
                await asyncio.sleep(0.05)
            except Refused:
                self._pen.write(Event.REFUSED, kind, intent)
                raise
            else:
                self._pen.write(Event.ALLOWED, kind, intent)
                return answer

    @property
    def _user(self) -> str:
        return f"u{self._number % LINES}-{self._generation}"

    @property
    def _chat(self) -> str | None:
        """Return a chat of the tree for one of the lines, none for the other."""
        return f"leaf-{self._number}" if self._number % LINES == 0 else None
