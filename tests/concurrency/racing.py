"""What the racers do: they hold, settle, charge and ask, all at once, while limits change under them."""

import asyncio
from collections.abc import Sequence
from random import Random
from uuid import UUID

from almoner.v1.admin_service_pb2 import SetLimitRequest
from almoner.v1.quota_service_pb2 import (
    CheckQuotaRequest,
    CheckQuotaResponse,
    CommitRequest,
    ExtendRequest,
    GetStatusRequest,
    HoldOptions,
    ReleaseRequest,
)
from almoner.v1.resources_pb2 import PERIOD_LIFETIME, ChatRef, Subject, Target, TargetKind
from google.protobuf.message import Message

from tests.concurrency.record import TTL, Recorder
from tests.stateful.model.windows import span

NAMESPACE = "default"
UNIT = "credits"
PARENTS = {"": "", "root": "", "left": "root", "right": "root", "leaf": "left"}
CHAINS = {
    "": (),
    "root": ("root",),
    "left": ("root", "left"),
    "right": ("root", "right"),
    "leaf": ("root", "left", "leaf"),
}
LIMITS = (
    (Target(kind=TargetKind.TARGET_KIND_NAMESPACE_POOL), UNIT, 240),
    (Target(kind=TargetKind.TARGET_KIND_GROUP_POOL, id="g"), UNIT, 150),
    (Target(kind=TargetKind.TARGET_KIND_CHAT, id="root"), UNIT, 100),
    (Target(kind=TargetKind.TARGET_KIND_USER, id="u1"), UNIT, 60),
    (Target(kind=TargetKind.TARGET_KIND_NAMESPACE_DEFAULT), "in_flight", 8),
)
"""Target, unit and first amount."""
CHANGES = 5
"""How often each limit is changed in a round."""


class Racer:
    """Is one caller. What it does depends on its number and the seed, when it does it on all others."""

    def __init__(self, recorder: Recorder, barrier: asyncio.Barrier, number: int, seed: int) -> None:
        self._recorder = recorder
        self._barrier = barrier
        self._number = number
        self._random = Random(seed * 1000 + number)
        self._ids = 0

    async def race(self, rounds: int) -> None:
        """Run rounds, each behind the barrier."""
        for _ in range(rounds):
            await self._barrier.wait()
            await self._random.choice((self._hold, self._hold, self._together, self._charge, self._look))()

    async def _hold(self) -> None:
        await self._settle(await self._call("CheckQuota", self._check()))

    async def _together(self) -> None:
        """Take several holds in one batch, and charge in another."""
        for answer in await self._call_together("CheckQuota", [self._check() for _ in range(3)]):
            await self._settle(answer)
        await self._call_together("Commit", [self._direct() for _ in range(2)])

    def _check(self) -> CheckQuotaRequest:
        return CheckQuotaRequest(
            namespace=NAMESPACE,
            subject=self._subject(),
            chat=self._chat(),
            amounts={UNIT: self._random.randint(1, 4)},
            hold=HoldOptions(id=self._id(), ttl=span(TTL)),
        )

    async def _settle(self, answer: object) -> None:
        assert isinstance(answer, CheckQuotaResponse)
        if answer.hold_id:
            ways = (self._commit, self._commit, self._in_parts, self._release, self._extend)
            await self._random.choice(ways)(answer.hold_id)

    async def _extend(self, hold_id: str) -> None:
        """Ask for more, or give some back, and settle it then."""
        amounts = {UNIT: self._random.randint(0, 6)}
        await self._call(
            "Extend", ExtendRequest(namespace=NAMESPACE, hold_id=hold_id, amounts=amounts, ttl=span(TTL))
        )
        await self._commit(hold_id)

    async def _commit(self, hold_id: str, *, partial: bool = False) -> None:
        amounts = {UNIT: self._random.randint(1, 2)}
        charge_id = self._id() if partial else ""
        await self._call(
            "Commit",
            CommitRequest(
                namespace=NAMESPACE, hold_id=hold_id, charge_id=charge_id, amounts=amounts, partial=partial
            ),
        )

    async def _in_parts(self, hold_id: str) -> None:
        await self._commit(hold_id, partial=True)
        await self._commit(hold_id)

    async def _release(self, hold_id: str) -> None:
        await self._call("Release", ReleaseRequest(namespace=NAMESPACE, hold_id=hold_id))

    async def _charge(self) -> None:
        await self._call("Commit", self._direct())

    def _direct(self) -> CommitRequest:
        return CommitRequest(
            namespace=NAMESPACE,
            charge_id=self._id(),
            subject=self._subject(),
            chat=self._chat(),
            amounts={UNIT: 1},
        )

    async def _look(self) -> None:
        who = {"namespace": NAMESPACE, "subject": self._subject(), "chat": self._chat()}
        if self._random.random() < 0.5:
            await self._call("GetStatus", GetStatusRequest(**who))  # type: ignore[arg-type]
        else:
            await self._call("CheckQuota", CheckQuotaRequest(**who, amounts={UNIT: 1}))  # type: ignore[arg-type]

    async def _call(self, method: str, request: object) -> object:
        return await self._recorder.call(self._random.randrange(100), method, request)  # type: ignore[arg-type]

    async def _call_together(self, method: str, requests: Sequence[Message]) -> Sequence[Message]:
        return await self._recorder.call_together(self._random.randrange(100), method, requests)

    def _subject(self) -> Subject:
        user = self._random.choice(("u1", "u2", "u3", "u4"))
        return Subject(user=user, groups=["g"] if self._random.random() < 0.6 else [])

    def _chat(self) -> ChatRef | None:
        chat = self._random.choice(tuple(CHAINS))
        return ChatRef(id=chat, parent_id=PARENTS[chat]) if chat else None

    def _id(self) -> str:
        self._ids += 1
        return str(UUID(int=self._number << 64 | self._ids))


async def grow_tree(recorder: Recorder) -> None:
    """Create the chats from the root on, with a small charge in each: a parent never seen before would be a root."""
    for number, (chat, parent) in enumerate(PARENTS.items()):
        await recorder.call(
            number,
            "Commit",
            CommitRequest(
                namespace=NAMESPACE,
                charge_id=str(UUID(int=number)),
                subject=Subject(user="u1"),
                chat=ChatRef(id=chat, parent_id=parent) if chat else None,
                amounts={UNIT: 1},
            ),
        )


async def set_limit(recorder: Recorder, server: int, target: Target, unit: str, amount: int) -> None:
    """Set a limit over the lifetime."""
    request = SetLimitRequest(
        namespace=NAMESPACE, target=target, unit=unit, period=PERIOD_LIFETIME, amount=amount
    )
    await recorder.call(server, "SetLimit", request)


async def change_limits(
    recorder: Recorder, barrier: asyncio.Barrier, number: int, rounds: int, seed: int
) -> None:
    """Change one limit several times in every round, up since much is spent by then, or down."""
    target, unit, first = LIMITS[number]
    random = Random(seed * 1000 + number)
    for done in range(rounds):
        await barrier.wait()
        for _ in range(CHANGES):
            amount = random.randint(first // 3, first + done * first // 4)
            await set_limit(recorder, random.randrange(100), target, unit, amount)
