"""Limits as the history of changes keeps them: JSON of what a limit was, beside the key that it had."""

import json
from datetime import datetime

import asyncpg

from almoner_server.core.records import Limit, LimitKey, Target
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store.limit_records import LimitChange


def limit_json(limit: Limit | None) -> str | None:
    """Encode a limit without its key."""
    if limit is None:
        return None
    times = (limit.expire_time, limit.update_time)
    expire_time, update_time = (moment.isoformat() if moment else None for moment in times)
    return json.dumps(
        {
            "amount": limit.amount,
            "expire_time": expire_time,
            "etag": limit.etag,
            "update_time": update_time,
            "updated_by": limit.updated_by,
        }
    )


def change_of(row: asyncpg.Record) -> LimitChange:
    """Read a change."""
    return LimitChange(
        id=row["id"],
        key=_key_of(row),
        before=_limit(row, row["before"]),
        after=_limit(row, row["after"]),
        change_time=row["change_time"],
        actor=row["actor"],
        reason=row["reason"],
    )


def change_after(row: asyncpg.Record) -> Limit:
    """Read the limit that a change, not a deletion, has put in force."""
    limit = _limit(row, row["after"])
    assert limit is not None
    return limit


def _key_of(row: asyncpg.Record) -> LimitKey:
    target = Target(TargetKind(row["target_kind"]), row["target_id"])
    return LimitKey(target, row["unit"], Period(row["period"]))


def _limit(row: asyncpg.Record, text: str | None) -> Limit | None:
    if text is None:
        return None
    values = json.loads(text)
    return Limit(
        key=_key_of(row),
        amount=values["amount"],
        expire_time=_moment(values["expire_time"]),
        etag=values["etag"],
        update_time=_moment(values["update_time"]),
        updated_by=values["updated_by"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
