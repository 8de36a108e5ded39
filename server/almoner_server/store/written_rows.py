"""Records to rows, as they are written: maps from column to value, which travel as JSON (see `json_rows`).

What is as usual is left out, and `write_batch.sql` fills it in: half the columns of most rows, and half of what a row
costs PostgreSQL.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from almoner_server.core.accounts import Account
from almoner_server.core.records import (
    Adjustment,
    Charge,
    Hold,
    Spender,
)
from almoner_server.core.terms import (
    ChargeOrigin,
    ExpiryAction,
    HoldState,
    Settlement,
)

JsonRow = dict[str, Any]


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
    if hold.named_groups != hold.spender.groups:
        row["named_groups"] = hold.named_groups
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
    if hold.window_time is not hold.admit_time:
        row["window_time"] = hold.window_time
    if hold.expire_time is not hold.admitted_expire_time:
        row["expire_time"] = hold.expire_time
    return row


def expiry_row(when: tuple[str, datetime], hold_ids: list[UUID]) -> JsonRow:
    """Return the columns of an entry that lists the holds of a namespace which run out at one time."""
    namespace, expire_time = when
    return {"namespace": namespace, "expire_time": expire_time, "hold_ids": _array(hold_ids)}


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


def _add_spender(row: JsonRow, spender: Spender) -> None:
    if spender.groups:
        row["groups"] = spender.groups
    if spender.chain:
        row["chain"] = spender.chain


def _array(values: list[int] | list[UUID]) -> str:
    """Write values as a text that is read as an array: in JSON each number would be made a numeric first (0.1 us)."""
    return "{" + orjson.dumps(values, default=str)[1:-1].decode() + "}"


def _bytea(value: bytes) -> str:
    return "\\x" + value.hex()
