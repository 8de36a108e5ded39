"""A replica of the authority without its wire: store, engine and loops, on a database it may share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from almoner_server.core.records import LimitKey, Target
from almoner_server.core.requests import CheckResult
from almoner_server.core.terms import Period, RefusalReason, TargetKind
from almoner_server.engine import Engine, EngineOptions
from almoner_server.loops import running
from almoner_server.store import SetLimit, Store

from tests.engine.requests import NAMESPACE, UNIT


@dataclass(frozen=True)
class Replica:
    """Is one process's worth of the authority."""

    store: Store
    engine: Engine


@asynccontextmanager
async def replica(dsn: str, options: EngineOptions | None = None) -> AsyncIterator[Replica]:
    """Run a replica."""
    async with bare_replica(dsn, options) as bare, running(bare.store, bare.engine):
        yield bare


@asynccontextmanager
async def bare_replica(dsn: str, options: EngineOptions | None = None) -> AsyncIterator[Replica]:
    """Run a replica without loops: nothing happens in it but what requests bring about."""
    store = await Store.open(dsn)
    try:
        async with Engine(store, options) as engine:
            yield Replica(store, engine)
    finally:
        await store.close()


async def limit_user(
    store: Store, user: str, amount: int, unit: str = UNIT, period: Period = Period.LIFETIME
) -> None:
    """Limit what a user may spend."""
    await _limit(store, LimitKey(Target(TargetKind.USER, user), unit, period), amount)


async def limit_everybody(store: Store, amount: int) -> None:
    """Limit what all users may spend together in a lifetime."""
    await _limit(store, LimitKey(Target(TargetKind.NAMESPACE_POOL, ""), UNIT, Period.LIFETIME), amount)


async def limit_group(store: Store, group: str, amount: int) -> None:
    """Limit what the members of a group may spend together in a lifetime."""
    await _limit(store, LimitKey(Target(TargetKind.GROUP_POOL, group), UNIT, Period.LIFETIME), amount)


async def limit_chat(store: Store, chat: str, amount: int) -> None:
    """Limit what a chat tree may spend."""
    await _limit(store, LimitKey(Target(TargetKind.CHAT, chat), UNIT, Period.LIFETIME), amount)


async def _limit(store: Store, key: LimitKey, amount: int) -> None:
    await store.limits.set(SetLimit(NAMESPACE, key, amount))


def allowed(result: object) -> bool:
    """Tell whether a check was allowed."""
    assert isinstance(result, CheckResult)
    return result.decision.allowed


def busy(result: object) -> bool:
    """Tell whether a check was refused as BUSY."""
    assert isinstance(result, CheckResult)
    return result.decision.reason is RefusalReason.BUSY
