"""A reply that is streamed: what has been sent is booked while it runs, and the hold grows with it.

    python examples/streaming_partial.py

If this process died in the middle, what it had committed would stay booked and the rest would be free again.
A stream that runs into its limit is cut there. Needs an authority at ALMONER_SERVER.
"""

import asyncio
from collections.abc import AsyncIterator

from almoner import Client, Period, Refused, Target, new_id

LIMIT = 1_000
AT_A_TIME = 200
"""Tokens held ahead of the stream; and so many are booked at once."""


async def stream_from_the_model(length: int) -> AsyncIterator[str]:
    for number in range(length):
        await asyncio.sleep(0)
        yield f"token{number} "


async def reply(quota: Client, length: int) -> None:
    """Stream a reply and account for it in steps of AT_A_TIME tokens."""
    sent = unbooked = 0
    cut = ""
    async with quota.hold(user="ann", tokens=AT_A_TIME) as hold:
        async for _token in stream_from_the_model(length):
            sent += 1
            unbooked += 1
            if unbooked == AT_A_TIME:
                await hold.commit(tokens=unbooked, partial=True)
                unbooked = 0
                try:
                    await hold.extend(tokens=sent + AT_A_TIME)  # the new total, with what is booked already
                except Refused as refused:
                    cut = f", cut there: {refused.decision.reason}"
                    break
        await hold.commit(tokens=unbooked)
    print(f"{sent} of {length} tokens sent{cut}")


async def main() -> None:
    async with Client(namespace=f"streaming-{new_id()}") as quota:
        await quota.admin.create_namespace(quota.namespace, units=["tokens"])
        await quota.admin.set_limit(
            Target.namespace_default(), unit="tokens", period=Period.DAY, amount=LIMIT
        )
        await reply(quota, 350)
        await reply(quota, 5_000)
        (limit,) = (await quota.status(user="ann")).limits
        print(f"spent {limit.spent} of {limit.limit}, held {limit.held}")


if __name__ == "__main__":
    asyncio.run(main())
