"""An agent with subagents, and their subagents, under one limit on the chat they all began in.

    python examples/agent_tree.py

A limit on a chat counts the chat and all its descendants together, so nobody has to divide the money among
them beforehand, and no number of subagents gets past it. Needs an authority at ALMONER_SERVER.
"""

import asyncio

from almoner import Client, Period, QuotaExceeded, Target, format_usd, new_id

ROOT = "run-1"
LIMIT = "1.00"
STEP_COST = "0.10"
STEPS = 2


async def call_the_model() -> str:
    await asyncio.sleep(0.01)
    return STEP_COST


async def step(quota: Client, chat: str, parent: str | None) -> None:
    """Make one call. If only other agents' open holds are in the way, waits for them to settle."""
    async with quota.hold(user="ann", chat=chat, parent=parent, usd=STEP_COST, wait=30) as hold:
        await hold.commit(usd=await call_the_model())


async def agent(quota: Client, chat: str, parent: str | None, depth: int) -> int:
    """Work on a task and let two subagents do the same, two levels down. Returns the calls made."""
    calls = 0
    try:
        for _ in range(STEPS):
            await step(quota, chat, parent)
            calls += 1
    except QuotaExceeded:
        print(f"{chat} stops after {calls} of {STEPS} calls: the tree's money is spent")
        return calls
    if depth == 0:
        return calls
    children = (agent(quota, f"{chat}.{number}", chat, depth - 1) for number in (1, 2))
    return calls + sum(await asyncio.gather(*children))


async def main() -> None:
    async with Client(namespace=f"agent-tree-{new_id()}") as quota:
        await quota.admin.create_namespace(quota.namespace, units=["usd_micros"])
        await quota.admin.set_limit(
            Target.chat(ROOT), unit="usd", period=Period.LIFETIME, amount=LIMIT, reason="one run"
        )
        calls = await agent(quota, ROOT, None, depth=2)
        print(f"{calls} calls were made by the whole tree")
        status = await quota.status(chat=f"{ROOT}.1")
        print(f"what is left for {' > '.join(status.chat_chain)}:", end=" ")
        print(f"${format_usd(status.chat_remaining['usd_micros'])} of ${LIMIT}")


if __name__ == "__main__":
    asyncio.run(main())
