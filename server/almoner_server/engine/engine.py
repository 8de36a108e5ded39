"""Who goes first: every request of this process passes through here on its way to the store."""

import asyncio
import time
from collections.abc import Hashable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Self

from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import (
    Adjust,
    Check,
    CheckResult,
    Commit,
    Expire,
    Extend,
    Release,
    Request,
    Result,
)
from almoner_server.engine.calls import Call, Many, One, Outcome
from almoner_server.engine.crossing import ENOUGH, Crossing
from almoner_server.engine.errors import shutting_down
from almoner_server.engine.health import Health
from almoner_server.engine.lanes import Lane
from almoner_server.engine.options import EngineOptions
from almoner_server.engine.ports import BatchStore, Nobody, Observer
from almoner_server.engine.retry import Carrier
from almoner_server.engine.room import WaitingRoom
from almoner_server.store import StoreUnavailable

NO_WAIT = timedelta(0)


class Engine:
    """Gathers requests into batches and answers each caller.

        async with Engine(store) as engine:
            result = await engine.submit(request)

    A request that is cancelled while it is queued is dropped. One that is on its way to the store runs to its
    end; sent again under the same id, it gets the answer that was lost.
    """

    def __init__(
        self,
        store: BatchStore,
        options: EngineOptions | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`."""
        self._store = store
        self._options = options or EngineOptions()
        self._health = Health(store, self._options.probe_seconds)
        self._carrier = Carrier(store, self._health, observer or Nobody(), self._options.retry_seconds)
        self._room = WaitingRoom(self._add, self._options.max_waiting)
        self._lanes: list[Lane] = []
        self._open = False

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Open the lanes, on the running event loop."""
        crossing = Crossing()
        self._lanes = [
            Lane(self._carrier, self._options, crossing, self._room.wake) for _ in range(self._options.lanes)
        ]
        self._open = True

    @property
    def available(self) -> bool:
        """Tell whether the store is not known to be down. While it is, every call fails at once."""
        return not self._health.down

    @property
    def queued(self) -> int:
        """Count the requests that wait for their batch."""
        return sum(lane.queued for lane in self._lanes)

    @property
    def waiting(self) -> int:
        """Count the callers who wait for room."""
        return len(self._room)

    @property
    def room(self) -> WaitingRoom:
        """Give access to the waiting room, for those who learn that room was made elsewhere."""
        return self._room

    async def submit(self, request: Request, *, context: Hashable | None = None) -> Result:
        """Carry out one request.

        Raises:
            RequestFailed: it cannot be carried out; also OVERLOADED and SHUTTING_DOWN.
            StoreUnavailable: the store did not answer. It may have been carried out; it may be sent again.
            StoreFailed: the store met a bug on this request.
        """
        self._require_open()
        sink = One()
        self._add(Call(request, sink, 0, context, time.monotonic()))
        return await sink.future

    async def submit_many(
        self, requests: Sequence[Request], *, context: Hashable | None = None
    ) -> list[Outcome]:
        """Carry out requests, those of one user in the order given; return a result or an error for each.

        Unnamed holds are given back if the caller is cancelled.
        """
        if not requests:
            return []
        self._require_open()
        if self._health.down:
            return [_unavailable() for _ in requests]
        sink, now = Many(len(requests), partial(self._give_back_one, requests)), time.monotonic()
        lane = self._lanes[0] if self._are_few(len(requests)) else min(self._lanes, key=Lane.load)
        lane.add_many([Call(request, sink, slot, context, now) for slot, request in enumerate(requests)])
        try:
            return await sink.future
        except asyncio.CancelledError:
            sink.leave()
            raise

    async def check(
        self,
        request: Check,
        wait: timedelta = NO_WAIT,
        *,
        context: Hashable | None = None,
    ) -> CheckResult:
        """Carry out a check; if it is refused as BUSY, wait for room up to `wait`, first come, first served.

        The answer comes at the latest one transaction after `wait`. An unnamed hold that is admitted although the
        caller has been cancelled is released: nobody knows its id. Raises as `submit`.
        """
        self._require_open()
        unheard = partial(self._give_back, request) if _is_unnamed(request) else None
        if wait > NO_WAIT and not self._room.full and not self._is_retry(request):
            return await self._room.check(request, wait, context, unheard)
        sink = One(unheard)
        self._add(Call(request, sink, 0, context, time.monotonic()))
        result = await sink.future
        assert isinstance(result, CheckResult)
        return result

    async def drain(self) -> None:
        """Take nothing more, answer those who wait with the latest decision; return when all is answered."""
        self._open = False
        self._room.dismiss()
        await asyncio.gather(*(lane.idle() for lane in self._lanes))

    async def close(self) -> None:
        """Stop at once; requests without an answer get SHUTTING_DOWN. Again is fine."""
        self._open = False
        self._room.dismiss()
        lanes, self._lanes = self._lanes, []
        await asyncio.gather(*(lane.close() for lane in lanes))
        await self._health.close()

    def _give_back_one(self, requests: Sequence[Request], slot: int, outcome: Outcome) -> None:
        request = requests[slot]
        if isinstance(request, Check) and _is_unnamed(request):
            self._give_back(request, outcome)

    def _give_back(self, request: Check, outcome: Outcome) -> None:
        """Release the hold of a caller who has gone; if that is not possible its expiry will do it."""
        if request.hold is None or not isinstance(outcome, CheckResult) or not outcome.decision.allowed:
            return
        release = Release(request.namespace, request.hold.id)
        with suppress(RequestFailed, StoreUnavailable):
            self._add(Call(release, One(), 0, None, time.monotonic()))

    def _require_open(self) -> None:
        if not self._open:
            raise shutting_down()

    def _is_retry(self, request: Check) -> bool:
        """Tell whether the hold is known: then its answer is too, and there is nothing to wait for."""
        hold = request.hold
        return hold is not None and self._store.user_of_hold(request.namespace, hold.id) is not None

    def _add(self, call: Call) -> None:
        if self._health.down:
            raise _unavailable()
        self._lanes[0 if self._are_few() else self._lane_of(call.request)].add(call)

    def _are_few(self, more: int = 1) -> bool:
        """Tell whether all calls fit into one transaction worth its while: then one lane takes them all."""
        first, *others = self._lanes
        return first.queued + more < ENOUGH and all(lane.is_idle for lane in others)

    def _lane_of(self, request: Request) -> int:
        """Choose a lane: one user's requests share one, to keep their order and not to contend for locks.

        No sum depends on it: whose a hold or charge is, this process may not know.
        """
        match request:
            case Check():
                owner: object = request.user
            case Adjust():
                owner = request.charge_id
            case _:
                owner = self._user_of(request) or request.hold_id
        return hash((request.namespace, owner)) % len(self._lanes)

    def _user_of(self, request: Commit | Release | Extend | Expire) -> str | None:
        named = request.user if isinstance(request, Commit) else None
        if request.hold_id is None:
            return named
        return self._store.user_of_hold(request.namespace, request.hold_id) or named


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("the store is unavailable: it does not answer")


def _is_unnamed(request: Check) -> bool:
    return request.hold is not None and request.hold.is_unnamed
