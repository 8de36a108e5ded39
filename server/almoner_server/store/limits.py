"""Change limits: in force for every check that starts after the change returned (docs/semantics.md, Limits).

Checks read the limits of users and chats from the database. Those of a whole namespace are cached by each
process under a revision that every transaction compares: a change begins a new one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar
from uuid import uuid4

from almoner_server.core.errors import RequestFailed, invalid, not_found, precondition, reused
from almoner_server.core.hierarchy import in_force
from almoner_server.core.records import Limit, LimitKey
from almoner_server.core.terms import IN_FLIGHT, TargetKind
from almoner_server.store.connect import Database
from almoner_server.store.limit_records import DeleteLimit, RaisedLimit, RaiseLimit, SetLimit
from almoner_server.store.limit_rows import change_after, limit_json
from almoner_server.store.namespace_lock import Locked, locked_namespace, require_etag
from almoner_server.store.pools import (
    Filling,
    Unfilled,
    abandon,
    close_pool,
    fill_pool,
    is_pool,
    open_pool,
    others_filling,
)
from almoner_server.store.queries import query
from almoner_server.store.rows import limit_of

MAX_LIMIT = 10**15
OF_ONE_ACCOUNT = (TargetKind.USER, TargetKind.CHAT)

Change = SetLimit | RaiseLimit | DeleteLimit
ChangeT = TypeVar("ChangeT", SetLimit, RaiseLimit)
Result = TypeVar("Result")


class LimitEditor:
    """Sets, raises and deletes limits. Every method raises StoreUnavailable and RequestFailed.

    RequestFailed: NAMESPACE_NOT_FOUND, UNKNOWN_UNIT, ETAG_MISMATCH, and what the method adds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._filling = asyncio.Lock()
        """One pool at a time: each takes two connections, one of them for long, which others need too."""

    async def set(self, change: SetLimit) -> Limit:
        """Put a limit in force. Nothing changes, whatever the etag, if it is in force already."""
        return await self._filled(change, self._set)

    async def _set(self, change: SetLimit, filling: Filling | None) -> Limit:
        async with locked_namespace(self._database, change.namespace) as namespace:
            _require_unit(namespace, change.key.unit)
            current = await _in_force(namespace, change.key)
            if current and (current.amount, current.expire_time) == (change.amount, change.expire_time):
                return current
            _require_etag(change, current)
            return await _put(namespace, change, current, (change.amount, change.expire_time), filling)

    async def increase(self, change: RaiseLimit) -> RaisedLimit:
        """Raise the limit in force, once for each request_id.

        Adds LIMIT_NOT_FOUND, LIMIT_UNLIMITED, AMOUNT_OUT_OF_RANGE (over 10^15), ID_REUSED.
        """
        return await self._filled(change, self._increase)

    async def _increase(self, change: RaiseLimit, filling: Filling | None) -> RaisedLimit:
        async with locked_namespace(self._database, change.namespace) as namespace:
            row = await namespace.connection.fetchrow(
                query("limit_request"), change.namespace, change.request_id
            )
            if row is not None:
                if row["fingerprint"] != _fingerprint(change):
                    raise reused("request_id", change.request_id)
                return RaisedLimit(change_after(row), replayed=True)
            _require_unit(namespace, change.key.unit)
            current = await _in_force(namespace, change.key)
            if current is None:
                raise _no_limit(change.key)
            _require_etag(change, current)
            value = (_raised(current, change.delta), change.expire_time or current.expire_time)
            return RaisedLimit(await _put(namespace, change, current, value, filling), replayed=False)

    async def _filled(
        self, change: ChangeT, carry_out: Callable[[ChangeT, Filling | None], Awaitable[Result]]
    ) -> Result:
        """Carry out a change; if it gives a pool its first limit, fill the pool first."""
        filling = None
        while True:
            try:
                return await carry_out(change, filling)
            except Unfilled:
                if filling is None:
                    async with self._filling:
                        filling = await fill_pool(self._database, change.namespace, change.key.target)
                else:  # somebody else has begun anew meanwhile, and has a limit for it too
                    await others_filling(self._database, filling)
                    filling = None
            except BaseException:
                if filling is not None:
                    await abandon(self._database, filling)
                raise

    async def delete(self, change: DeleteLimit) -> None:
        """Remove the limit in force. Adds LIMIT_NOT_FOUND."""
        async with locked_namespace(self._database, change.namespace) as namespace:
            current = await _in_force(namespace, change.key)
            if current is None:
                raise _no_limit(change.key)
            _require_etag(change, current)
            await namespace.connection.execute(query("delete_limit"), change.namespace, *_columns(change.key))
            if is_pool(change.key.target.kind):
                await close_pool(namespace, change.key.target)
            await _record(namespace, change, current, None, await _bump(namespace, change.key))


async def _in_force(namespace: Locked, key: LimitKey) -> Limit | None:
    """Return the limit in force. An override whose time is over counts as absent."""
    row = await namespace.connection.fetchrow(query("read_limit"), namespace.name, *_columns(key))
    limit = limit_of(row) if row else None
    return limit if limit and in_force(limit, namespace.now) else None


async def _put(
    namespace: Locked,
    change: SetLimit | RaiseLimit,
    current: Limit | None,
    value: tuple[int | None, datetime | None],
    filling: Filling | None,
) -> Limit:
    key, (amount, expire_time) = change.key, value
    if is_pool(key.target.kind):
        await open_pool(namespace, key.target, filling)
    revision = await _bump(namespace, key)
    limit = Limit(key, amount, expire_time, f"{revision:x}", namespace.now, change.actor)
    values = (amount, expire_time, limit.etag, limit.update_time, limit.updated_by)
    await namespace.connection.execute(query("put_limit"), namespace.name, *_columns(key), *values)
    await _record(namespace, change, current, limit, revision)
    return limit


async def _bump(namespace: Locked, key: LimitKey) -> int:
    return await namespace.bump(rules=key.target.kind not in OF_ONE_ACCOUNT)


async def _record(
    namespace: Locked, change: Change, before: Limit | None, after: Limit | None, revision: int
) -> None:
    """Keep who changed what, when, from, to and why."""
    request = (change.request_id, _fingerprint(change)) if isinstance(change, RaiseLimit) else (None, None)
    await namespace.connection.execute(
        query("record_limit_change"),
        namespace.name,
        revision,
        uuid4(),
        *_columns(change.key),
        limit_json(before),
        limit_json(after),
        namespace.now,
        change.actor,
        change.reason,
        *request,
    )


def _raised(current: Limit, delta: int) -> int:
    if current.amount is None:
        raise precondition(
            "LIMIT_UNLIMITED", "delta: the limit is unlimited, there is nothing to raise", field="delta"
        )
    if current.amount + delta > MAX_LIMIT:
        message = f"{current.amount} in force and {delta} more are over {MAX_LIMIT}"
        raise invalid(
            "AMOUNT_OUT_OF_RANGE", "delta", message, value=str(delta), limit=str(MAX_LIMIT - current.amount)
        )
    return current.amount + delta


def _require_unit(namespace: Locked, unit: str) -> None:
    if unit != IN_FLIGHT and unit not in namespace.units:
        units = ", ".join([*sorted(namespace.units), IN_FLIGHT])
        message = f"the namespace {namespace.name} does not count {unit!r}, only: {units}"
        raise invalid("UNKNOWN_UNIT", "unit", message, value=unit, limit=units)


def _require_etag(change: Change, current: Limit | None) -> None:
    require_etag(change.etag, current.etag if current else "", "the limit")


def _no_limit(key: LimitKey) -> RequestFailed:
    target = f"{key.target.kind.name} {key.target.id}".strip()
    message = f"there is no limit on {key.unit} per {key.period.name} for {target}"
    return not_found("LIMIT_NOT_FOUND", message, target=target, unit=key.unit, period=key.period.name)


def _fingerprint(change: RaiseLimit) -> bytes:
    """Hash what a raise asks for, to tell a retry from another request under the same id."""
    content = (_columns(change.key), change.delta, str(change.expire_time))
    return blake2b(repr(content).encode(), digest_size=16).digest()


def _columns(key: LimitKey) -> tuple[int, str, str, int]:
    return int(key.target.kind), key.target.id, key.unit, int(key.period)
