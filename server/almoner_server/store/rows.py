"""Rows to records and back. Amounts are JSON maps; an account's counters one flat array, eight a unit."""

import json
from collections.abc import Iterable, Mapping
from datetime import date

import asyncpg

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

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def to_json(values: Mapping[str, int] | Mapping[str, str]) -> str:
    """Encode amounts or attributes."""
    return _ENCODER.encode(values) if values else "{}"


def to_array(values: Iterable[int | str]) -> str:
    """Encode an array as PostgreSQL writes it: arrays of unequal length cannot travel in an array themselves.

    Texts are quoted, so that any text is safe.
    """
    parts = [str(value) if isinstance(value, int) else _quoted(value) for value in values]
    return "{" + ",".join(parts) + "}"


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
    )


def account_values(account: Account) -> tuple[object, ...]:
    """List an account's columns from `namespace` to `open_unpriced`."""
    counters = account.counters
    return (
        *account.key,
        date.fromordinal(account.day),
        to_array(counters),
        to_array([number for numbers in counters.values() for number in numbers]),
        account.open_estimates,
        account.open_unpriced,
    )


def hold_of(row: asyncpg.Record) -> Hold:
    """Read a hold."""
    return Hold(
        namespace=row["namespace"],
        id=row["id"],
        spender=_spender_of(row),
        held=json.loads(row["held"]),
        spent=json.loads(row["spent"]),
        state=HoldState(row["state"]),
        admit_time=row["admit_time"],
        expire_time=row["expire_time"],
        on_expiry=ExpiryAction(row["on_expiry"]),
        attributes=json.loads(row["attributes"]),
        fingerprint=row["fingerprint"],
        answer=row["answer"],
        admitted_expire_time=row["admitted_expire_time"],
        settle_time=row["settle_time"],
    )


def hold_values(hold: Hold) -> tuple[object, ...]:
    """List a hold's columns in the order of its table."""
    return (
        hold.namespace,
        hold.id,
        *_spender_values(hold.spender),
        to_json(hold.held),
        to_json(hold.spent),
        hold.state,
        hold.on_expiry,
        hold.admit_time,
        hold.expire_time,
        hold.admitted_expire_time,
        hold.settle_time,
        to_json(hold.attributes),
        hold.fingerprint,
        hold.answer,
    )


def changed_hold_values(hold: Hold) -> tuple[object, ...]:
    """List what identifies a hold, then what can change of it."""
    return (
        hold.namespace,
        hold.id,
        to_json(hold.held),
        to_json(hold.spent),
        hold.state,
        hold.expire_time,
        hold.settle_time,
    )


def charge_of(row: asyncpg.Record) -> Charge:
    """Read a charge."""
    return Charge(
        namespace=row["namespace"],
        id=row["id"],
        hold_id=row["hold_id"],
        spender=_spender_of(row),
        amounts=json.loads(row["amounts"]),
        net=json.loads(row["net"]),
        settlement=Settlement(row["settlement"]),
        open=row["open"],
        late=row["late"],
        origin=ChargeOrigin(row["origin"]),
        occurred_at=row["occurred_at"],
        create_time=row["create_time"],
        attributes=json.loads(row["attributes"]),
        overrun=json.loads(row["overrun"]),
        fingerprint=row["fingerprint"],
    )


def charge_values(charge: Charge) -> tuple[object, ...]:
    """List a charge's columns in the order of its table."""
    return (
        charge.namespace,
        charge.id,
        charge.hold_id,
        *_spender_values(charge.spender),
        to_json(charge.amounts),
        to_json(charge.net),
        charge.settlement,
        charge.open,
        charge.late,
        charge.origin,
        charge.occurred_at,
        charge.create_time,
        to_json(charge.attributes),
        to_json(charge.overrun),
        charge.fingerprint,
    )


def changed_charge_values(charge: Charge) -> tuple[object, ...]:
    """List what identifies a charge, then what can change of it."""
    return (charge.namespace, charge.id, to_json(charge.net), charge.open)


def adjustment_of(row: asyncpg.Record) -> Adjustment:
    """Read an adjustment."""
    return Adjustment(
        namespace=row["namespace"],
        id=row["id"],
        charge_id=row["charge_id"],
        kind=AdjustmentKind(row["kind"]),
        amounts=json.loads(row["amounts"]),
        change=json.loads(row["change"]),
        reason=row["reason"],
        create_time=row["create_time"],
        fingerprint=row["fingerprint"],
        net_after=json.loads(row["net_after"]),
        open_after=row["open_after"],
    )


def adjustment_values(adjustment: Adjustment) -> tuple[object, ...]:
    """List an adjustment's columns in the order of its table."""
    return (
        adjustment.namespace,
        adjustment.id,
        adjustment.charge_id,
        adjustment.kind,
        to_json(adjustment.amounts),
        to_json(adjustment.change),
        adjustment.reason,
        adjustment.create_time,
        adjustment.fingerprint,
        to_json(adjustment.net_after),
        adjustment.open_after,
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


def _spender_values(spender: Spender) -> tuple[str, str, str]:
    return spender.user, to_array(spender.groups), to_array(spender.chain)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
