"""A pool has an account row exactly as long as it is limited, so that no pool without a limit is a hot row.

The transaction that sets a pool's first limit has locked the namespace, which keeps batches out; it fills the
row from the ledger, and lets them in again by its commit: what was spent before the pool existed counts.
"""

from almoner_server.core.records import Target
from almoner_server.core.terms import AccountKind, TargetKind
from almoner_server.store.connect import patience
from almoner_server.store.namespace_lock import Locked
from almoner_server.store.queries import query

FILL_SECONDS = 600.0
"""How long the filling of a pool may take: it reads the namespace's ledger once."""

KINDS = {
    TargetKind.GROUP_POOL: AccountKind.GROUP,
    TargetKind.NAMESPACE_POOL: AccountKind.NAMESPACE,
}


def is_pool(kind: TargetKind) -> bool:
    """Tell whether limits on such a target count on a pool."""
    return kind in KINDS


async def open_pool(namespace: Locked, target: Target) -> None:
    """Create and fill the account of a pool that has no limit yet. Call it before the first one is stored."""
    if await _is_limited(namespace, target):
        return
    await namespace.connection.execute(patience(FILL_SECONDS))
    kind = int(KINDS[target.kind])
    await namespace.connection.execute(
        query("fill_pool"), namespace.name, kind, target.id, timeout=FILL_SECONDS
    )


async def close_pool(namespace: Locked, target: Target) -> None:
    """Remove the account of a pool that has no limit left. Call it after the last one is deleted."""
    if await _is_limited(namespace, target):
        return
    await namespace.connection.execute(
        query("delete_account"), namespace.name, int(KINDS[target.kind]), target.id
    )


async def _is_limited(namespace: Locked, target: Target) -> bool:
    found: bool = await namespace.connection.fetchval(
        query("is_limited"), namespace.name, int(target.kind), target.id
    )
    return found
