"""What the sections do to Almoner's database beside the load: limits before it, an audit after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from almoner_server.core.records import LimitKey, Target
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store import SetLimit, Store

from bench.traffic import NAMESPACE, POOLS, TREES, USD

PLENTY = 10**15
"""A limit that is evaluated at each call and never reached."""


class AuditError(Exception):
    """Says that what was measured was not right: then its speed is of no interest."""


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Store]:
    """Open a store while the block runs."""
    store = await Store.open(dsn)
    try:
        yield store
    finally:
        await store.close()


async def set_limits(store: Store) -> None:
    """Limit every user, pool and tree of the traffic, so that there is something to evaluate."""
    targets = [(TargetKind.NAMESPACE_DEFAULT, "", Period.MONTH)]
    targets += [(TargetKind.CHAT, f"root-{number}", Period.LIFETIME) for number in range(TREES)]
    targets.append((TargetKind.CHAT, "root", Period.LIFETIME))
    for kind, name, period in targets:
        await store.limits.set(SetLimit(NAMESPACE, LimitKey(Target(kind, name), USD, period), PLENTY))


async def limit_pools(dsn: str) -> None:
    """Limit the pools of the traffic: only the section about pools has any."""
    async with opened(dsn) as store:
        for number in range(POOLS):
            target = Target(TargetKind.GROUP_POOL, f"group-{number}")
            await store.limits.set(SetLimit(NAMESPACE, LimitKey(target, USD, Period.MONTH), PLENTY))


async def audit(dsn: str, booked: int) -> None:
    """Make sure that every commit answered is in the ledger, no other, and that the counters equal it.

    Raises:
        AuditError: they differ.
    """
    async with opened(dsn) as store:
        report = await store.upkeep.verify()
    if report.findings:
        raise AuditError(f"almoner verify finds {len(report.findings)} differences: {report.findings[0]}")
    if report.charges != booked:
        raise AuditError(f"{booked} commits were answered, but the ledger has {report.charges} charges")
