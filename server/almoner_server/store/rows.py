"""Rows to records and back. Amounts are JSON maps; an account's counters one flat array, eight a unit.

What is written travels as JSON rows (see `json_rows`): maps from column to value. What is as usual is left out, and
`write_batch.sql` fills it in: half the columns of most rows, and half of what a row costs PostgreSQL.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

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

JsonRow = dict[str, Any]


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


def account_row(account: Account) -> JsonRow:
    """Return an account's columns, but for its version."""
    counters = account.counters
    flat: list[int] = []
    for numbers in counters.values():
        flat += numbers
    row: JsonRow = {
        "namespace": account.key.namespace,
        "kind": account.key.kind,
        "id": account.key.id,
        "day": date.fromordinal(account.day),
        "units": list(counters),
        "counters": _array(flat),
    }
    if account.open_estimates:
        row["open_estimates"] = account.open_estimates
    if account.open_unpriced:
        row["open_unpriced"] = account.open_unpriced
    return row


def hold_of(row: asyncpg.Record) -> Hold:
    """Read a hold."""
    return Hold(
        namespace=row["namespace"],
        id=row["id"],
        spender=_spender_of(row),
        held=orjson.loads(row["held"]),
        spent=orjson.loads(row["spent"]),
        state=HoldState(row["state"]),
        admit_time=row["admit_time"],
        expire_time=row["expire_time"],
        on_expiry=ExpiryAction(row["on_expiry"]),
        attributes=orjson.loads(row["attributes"]),
        fingerprint=row["fingerprint"],
        answer=orjson.loads(row["answer"]),
        admitted_expire_time=row["admitted_expire_time"],
        settle_time=row["settle_time"],
    )


def hold_row(hold: Hold) -> JsonRow:
    """Return a hold's columns."""
    row: JsonRow = {
        "namespace": hold.namespace,
        "id": hold.id,
        "user_id": hold.spender.user,
        "held": hold.held,
        "admit_time": hold.admit_time,
        "expire_time": hold.expire_time,
        "fingerprint": _bytea(hold.fingerprint),
        "answer": orjson.dumps(hold.answer).decode(),
    }
    _add_spender(row, hold.spender)
    if hold.spent:
        row["spent"] = hold.spent
    if hold.state is not HoldState.OPEN:
        row |= {"state": hold.state, "settle_time": hold.settle_time}
    if hold.on_expiry is not ExpiryAction.RELEASE:
        row["on_expiry"] = hold.on_expiry
    if hold.admitted_expire_time is not hold.expire_time:
        row["admitted_expire_time"] = hold.admitted_expire_time
    if hold.attributes:
        row["attributes"] = hold.attributes
    return row


def changed_hold_row(hold: Hold) -> JsonRow:
    """Return what identifies a hold and what can change of it."""
    row: JsonRow = {
        "namespace": hold.namespace,
        "id": hold.id,
        "spent": hold.spent,
        "state": hold.state,
        "settle_time": hold.settle_time,
    }
    if hold.held:
        row["held"] = hold.held
    if hold.expire_time is not hold.admitted_expire_time:
        row["expire_time"] = hold.expire_time
    return row


def expiry_row(when: tuple[str, datetime], hold_ids: list[UUID]) -> JsonRow:
    """Return the columns of an entry that lists the holds of a namespace which run out at one time."""
    namespace, expire_time = when
    return {"namespace": namespace, "expire_time": expire_time, "hold_ids": _array(hold_ids)}


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


def charge_row(charge: Charge) -> JsonRow:
    """Return a charge's columns."""
    row: JsonRow = {
        "namespace": charge.namespace,
        "id": charge.id,
        "hold_id": charge.hold_id,
        "user_id": charge.spender.user,
        "amounts": charge.amounts,
        "occurred_at": charge.occurred_at,
        "create_time": charge.create_time,
        "fingerprint": _bytea(charge.fingerprint),
    }
    _add_spender(row, charge.spender)
    if charge.net is not charge.amounts:
        row["net"] = charge.net
    if charge.settlement is not Settlement.ACTUAL:
        row["settlement"] = charge.settlement
    if charge.open:
        row["open"] = True
    if charge.late:
        row["late"] = True
    if charge.origin is not ChargeOrigin.HOLD:
        row["origin"] = charge.origin
    if charge.attributes:
        row["attributes"] = charge.attributes
    if charge.overrun:
        row["overrun"] = charge.overrun
    if charge.adjustment_count:
        row["adjustment_count"] = charge.adjustment_count
    return row


def changed_charge_row(charge: Charge) -> JsonRow:
    """Return what identifies a charge and what can change of it."""
    return {
        "namespace": charge.namespace,
        "id": charge.id,
        "net": charge.net,
        "open": charge.open,
        "adjustment_count": charge.adjustment_count,
    }


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


def adjustment_row(adjustment: Adjustment) -> JsonRow:
    """Return an adjustment's columns."""
    return {
        "namespace": adjustment.namespace,
        "id": adjustment.id,
        "charge_id": adjustment.charge_id,
        "kind": adjustment.kind,
        "amounts": adjustment.amounts,
        "change": adjustment.change,
        "reason": adjustment.reason,
        "create_time": adjustment.create_time,
        "fingerprint": _bytea(adjustment.fingerprint),
        "net_after": adjustment.net_after,
        "open_after": adjustment.open_after,
        "number": adjustment.number,
    }


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


def _add_spender(row: JsonRow, spender: Spender) -> None:
    if spender.groups:
        row["groups"] = spender.groups
    if spender.chain:
        row["chain"] = spender.chain


def _spender_of(row: asyncpg.Record) -> Spender:
    return Spender(row["user_id"], tuple(row["groups"]), tuple(row["chain"]))


def _array(values: list[int] | list[UUID]) -> str:
    """Write values as a text that is read as an array: in JSON each number would be made a numeric first (0.1 us)."""
    return "{" + orjson.dumps(values, default=str)[1:-1].decode() + "}"


def _bytea(value: bytes) -> str:
    return "\\x" + value.hex()
