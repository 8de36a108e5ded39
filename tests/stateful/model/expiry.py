"""What happens when the time of a hold is over (docs/semantics.md, Holds)."""

from uuid import UUID, uuid5

from almoner.v1.resources_pb2 import ChargeOrigin, ExpiryAction, HoldState, Settlement

from tests.stateful.model.booking import book
from tests.stateful.model.world import HoldEntry, World


def expire_due(world: World) -> None:
    """End every open hold whose time is over."""
    for hold in world.holds.values():
        if hold.open and world.now >= hold.expire_time:
            _expire(world, hold)


def estimate_id(hold: HoldEntry) -> str:
    """Return the id of the estimate that the expiry of a hold books."""
    return str(uuid5(UUID(hold.id), f"expiry of {hold.admit_time.isoformat()}"))


def _expire(world: World, hold: HoldEntry) -> None:
    amounts, hold.held = hold.held, {}
    hold.state, hold.settle_time = HoldState.HOLD_STATE_EXPIRED, world.now
    if hold.on_expiry == ExpiryAction.EXPIRY_ACTION_CHARGE:
        book(
            world,
            hold.spender,
            hold.window_time,
            id=estimate_id(hold),
            hold_id=hold.id,
            amounts=amounts,
            settlement=Settlement.SETTLEMENT_ESTIMATE,
            origin=ChargeOrigin.CHARGE_ORIGIN_EXPIRY,
            attributes=hold.attributes,
        )
