"""Rows to records. Amounts are JSON maps; an account's counters one flat array, eight a unit."""

import asyncpg
import orjson

from almoner_server.core.accounts import COUNTERS_PER_UNIT, Account
from almoner_server.core.records import (
    AccountKey,
    Adjustment,
    Charge,
    Hold,
    Limit,
    LimitKey,
    Spender,
    Target,
)
from almoner_server.core.terms import (
    AccountKind,
    AdjustmentKind,
    ChargeOrigin,
    ExpiryAction,
    HoldState,
    Period,
    Settlement,
    TargetKind,
)


def account_of(row: asyncpg.Record) -> Account:
    """Read an account, as of the day it was last written."""
    flat = row["counters"]
    units = enumerate(row["units"])
    return Account(
        key=AccountKey(row["namespace"], AccountKind(row["kind"]), row["id"]),
        day=row["day"].toordinal(),
        counters={unit: flat[n * COUNTERS_PER_UNIT : (n + 1) * COUNTERS_PER_UNIT] for n, unit in units},
        open_estimates=row["open_estimates"],
        open_unpriced=row["open_unpriced"],
        version=row["version"],
    )


def hold_of(row: asyncpg.Record) -> Hold:
    """Read a hold."""
    spender, named = _spender_of(row), row["named_groups"]
    return Hold(
        namespace=row["namespace"],
        id=row["id"],
        spender=spender,
        named_groups=spender.groups if named is None else tuple(named),
        held=orjson.loads(row["held"]),
        spent=orjson.loads(row["spent"]),
        state=HoldState(row["state"]),
        admit_time=row["admit_time"],
        window_time=row["window_time"] or row["admit_time"],
        expire_time=row["expire_time"],
        on_expiry=ExpiryAction(row["on_expiry"]),
        attributes=orjson.loads(row["attributes"]),
        fingerprint=row["fingerprint"],
        answer=orjson.loads(row["answer"]),
        admitted_expire_time=row["admitted_expire_time"],
        settle_time=row["settle_time"],
    )


def charge_of(row: asyncpg.Record) -> Charge:
    """Read a charge."""
    return Charge(
        namespace=row["namespace"],
        id=row["id"],
        hold_id=row["hold_id"],
        spender=_spender_of(row),
        amounts=orjson.loads(row["amounts"]),
        net=orjson.loads(row["net"]),
        settlement=Settlement(row["settlement"]),
        open=row["open"],
        late=row["late"],
        origin=ChargeOrigin(row["origin"]),
        occurred_at=row["occurred_at"],
        create_time=row["create_time"],
        attributes=orjson.loads(row["attributes"]),
        overrun=orjson.loads(row["overrun"]),
        fingerprint=row["fingerprint"],
        adjustment_count=row["adjustment_count"],
    )


def adjustment_of(row: asyncpg.Record) -> Adjustment:
    """Read an adjustment."""
    return Adjustment(
        namespace=row["namespace"],
        id=row["id"],
        charge_id=row["charge_id"],
        kind=AdjustmentKind(row["kind"]),
        amounts=orjson.loads(row["amounts"]),
        change=orjson.loads(row["change"]),
        reason=row["reason"],
        create_time=row["create_time"],
        fingerprint=row["fingerprint"],
        net_after=orjson.loads(row["net_after"]),
        open_after=row["open_after"],
        number=row["number"],
    )


def limit_of(row: asyncpg.Record) -> Limit:
    """Read a limit."""
    target = Target(TargetKind(row["target_kind"]), row["target_id"])
    return Limit(
        key=LimitKey(target, row["unit"], Period(row["period"])),
        amount=row["amount"],
        expire_time=row["expire_time"],
        etag=row["etag"],
        update_time=row["update_time"],
        updated_by=row["updated_by"],
    )


def _spender_of(row: asyncpg.Record) -> Spender:
    return Spender(row["user_id"], tuple(row["groups"]), tuple(row["chain"]))
