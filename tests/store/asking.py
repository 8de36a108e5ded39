"""Short ways to ask a store, for tests."""

from datetime import timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID, uuid4

import asyncpg
from almoner_server.core.records import Limit, LimitKey, Target
from almoner_server.core.requests import (
    Adjust,
    AdjustResult,
    Check,
    CheckResult,
    Commit,
    CommitResult,
    HoldOptions,
    Request,
)
from almoner_server.core.status import StatusReport, StatusRequest, report
from almoner_server.core.terms import AdjustmentKind, ExpiryAction, Period, Settlement, TargetKind
from almoner_server.store import SetLimit, Store

USD = "usd_micros"
Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
T = TypeVar("T")


def hold(
    amount: int,
    *,
    user: str = "u1",
    groups: tuple[str, ...] = (),
    chat: str = "",
    parent: str = "",
    hold_id: UUID | None = None,
    ttl: float = 600,
    on_expiry: ExpiryAction = ExpiryAction.RELEASE,
    namespace: str = "default",
) -> Check:
    """Ask to set `amount` aside."""
    options = HoldOptions(hold_id or uuid4(), timedelta(seconds=ttl), on_expiry)
    return Check(namespace, user, groups, chat, parent, {USD: amount}, options)


def ask(
    amount: int, *, user: str = "u1", groups: tuple[str, ...] = (), chat: str = "", parent: str = ""
) -> Check:
    """Ask whether `amount` may be spent."""
    return Check("default", user, groups, chat, parent, {USD: amount})


def settle(hold_id: UUID, amount: int, *, partial: bool = False, charge_id: UUID | None = None) -> Commit:
    """Book `amount` on a hold."""
    charge_id = charge_id or hold_id
    return Commit("default", hold_id, charge_id, {USD: amount}, partial, Settlement.ACTUAL, "", (), "", "")


def spend(
    amount: int,
    *,
    user: str = "u1",
    groups: tuple[str, ...] = (),
    chat: str = "",
    parent: str = "",
    charge_id: UUID | None = None,
    settlement: Settlement = Settlement.ACTUAL,
) -> Commit:
    """Book `amount` directly."""
    charge_id = charge_id or uuid4()
    return Commit("default", None, charge_id, {USD: amount}, False, settlement, user, groups, chat, parent)


def refund(charge_id: UUID, amount: int) -> Adjust:
    """Take `amount` off a charge."""
    return Adjust("default", charge_id, uuid4(), AdjustmentKind.REFUND, {USD: amount}, "mistake")


async def one(store: Store, request: Request, kind: type[T]) -> T:
    """Run one request as a batch of its own; its answer must be of `kind`."""
    outcome = await store.run_batch([request])
    (answer,) = outcome.results
    assert isinstance(answer, kind), answer
    return answer


async def checked(store: Store, request: Check) -> CheckResult:
    return await one(store, request, CheckResult)


async def committed(store: Store, request: Commit) -> CommitResult:
    return await one(store, request, CommitResult)


async def adjusted(store: Store, request: Adjust) -> AdjustResult:
    return await one(store, request, AdjustResult)


async def status(
    store: Store, *, user: str = "", chat: str = "", groups: tuple[str, ...] = ()
) -> StatusReport:
    request = StatusRequest("default", user, groups, chat, "")
    return report(await store.read_status(request), request)


def limit_key(
    kind: TargetKind = TargetKind.NAMESPACE_DEFAULT,
    target_id: str = "",
    *,
    unit: str = USD,
    period: Period = Period.LIFETIME,
) -> LimitKey:
    return LimitKey(Target(kind, target_id), unit, period)


async def set_limit(
    store: Store, amount: int | None, kind: TargetKind = TargetKind.NAMESPACE_DEFAULT, target_id: str = ""
) -> Limit:
    """Limit what is spent over the whole lifetime."""
    return await store.limits.set(SetLimit("default", limit_key(kind, target_id), amount))
