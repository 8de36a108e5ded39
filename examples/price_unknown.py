"""Calls whose cost is not known when they end: book a guess or nothing, and the real cost with the bill.

    python examples/price_unknown.py

Needs an authority at ALMONER_SERVER.
"""

import asyncio
from collections.abc import Mapping

from almoner import AdjustmentKind, Client, format_usd, new_id

BILL: Mapping[str, str] = {"req-1": "0.07", "req-2": "0.02", "req-3": "0.011"}
"""What the provider sends at night: dollars by the id of its request."""


async def call_with_a_late_price(quota: Client, request: str) -> None:
    """Book what was held as an estimate: it counts against the limits until the real cost is known."""
    async with quota.hold(user="ann", usd="0.25", messages=1, attributes={"request": request}) as hold:
        await hold.commit_estimate()


async def call_of_a_new_model(quota: Client, request: str) -> None:
    """Book a call of a model that has no price yet: the message counts, the money counts 0 for now."""
    async with quota.hold(user="ann", messages=1, attributes={"request": request}) as hold:
        await hold.commit_unpriced(messages=1)


async def reconcile(quota: Client) -> None:
    """Replace every open charge by its real cost.

    The id of the adjustment is the charge's own: if this job dies and is run again, nothing is booked twice.
    """
    async for charge in quota.admin.list_charges(open_only=True):
        cost = BILL.get(charge.attributes["request"])
        if cost is None:
            continue
        await quota.adjust(
            charge.id,
            kind=AdjustmentKind.ACTUAL,
            usd=cost,
            adjustment_id=charge.id,
            reason=f"bill of {charge.attributes['request']}",
        )
        booked = format_usd(charge.net_amounts.get("usd_micros", 0))
        print(f"{charge.attributes['request']}: {charge.settlement} of ${booked} became ${cost}")


async def print_spend(quota: Client, when: str) -> None:
    (account,) = (await quota.status(user="ann")).accounts
    spent = max(usage.spent for usage in account.usages if usage.unit == "usd_micros")
    to_come = f"{account.open_estimates} estimated and {account.open_unpriced} unpriced"
    print(f"{when}: ${format_usd(spent)} booked, {to_come} still to come")


async def main() -> None:
    async with Client(namespace=f"price-unknown-{new_id()}") as quota:
        await quota.admin.create_namespace(quota.namespace, units=["usd_micros", "messages"])
        await call_with_a_late_price(quota, "req-1")
        await call_with_a_late_price(quota, "req-2")
        await call_of_a_new_model(quota, "req-3")
        await print_spend(quota, "before the bill")
        await reconcile(quota)
        await print_spend(quota, "after the bill")


if __name__ == "__main__":
    asyncio.run(main())
