"""Put a charge into the ledger, and describe it (docs/semantics.md, Ledger)."""

from collections.abc import Mapping
from datetime import datetime

from almoner.v1.resources_pb2 import Charge, ChargeOrigin, ChatRef, Settlement, Subject

from tests.stateful.model.windows import stamp
from tests.stateful.model.world import ChargeEntry, Spender, World


def book(
    world: World,
    spender: Spender,
    occurred_at: datetime,
    *,
    id: str,  # noqa: A002 - the name in the proto
    hold_id: str,
    amounts: Mapping[str, int],
    settlement: Settlement.ValueType,
    origin: ChargeOrigin.ValueType,
    attributes: Mapping[str, str],
    late: bool = False,
) -> ChargeEntry:
    """Add a charge."""
    is_open = settlement != Settlement.SETTLEMENT_ACTUAL
    parent = spender.chain[-2] if len(spender.chain) > 1 else ""
    message = Charge(
        id=id,
        hold_id=hold_id,
        subject=Subject(user=spender.user, groups=spender.groups),
        chat=ChatRef(id=spender.chain[-1], parent_id=parent) if spender.chain else None,
        amounts=amounts,
        net_amounts=amounts,
        settlement=settlement,
        open=is_open,
        late=late,
        origin=origin,
        occurred_at=stamp(occurred_at),
        create_time=stamp(world.now),
        attributes=attributes,
    )
    world.charges[id] = ChargeEntry(message, spender, occurred_at, dict(amounts), is_open)
    return world.charges[id]


def as_it_is(charge: ChargeEntry) -> Charge:
    """Describe a charge with all its adjustments."""
    message = Charge()
    message.CopyFrom(charge.message)
    message.net_amounts.clear()
    message.net_amounts.update(charge.net)
    message.open = charge.open
    message.adjustments.extend(answer.adjustment for _, answer in charge.adjustments)
    return message
