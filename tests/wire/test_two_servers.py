"""Two server processes on one database: promise 1, no limit is crossed by admission, whoever is asked."""

import asyncio

import pytest
from almoner import Client, Period, Refused, Target

from tests.support.server import server_process

CALLERS = 1_000
LIMIT = 5


@pytest.mark.parametrize(
    "target",
    [Target.user("u1"), Target.group_pool("g"), Target.namespace_pool(), Target.chat("c1")],
    ids=lambda target: str(target.kind),
)
async def test_a_thousand_callers_of_two_servers_share_five(database: str, target: Target) -> None:
    options = ("--database-url", database)
    async with (
        server_process(*options) as one,
        server_process(*options) as other,
        Client(one.address) as first,
        Client(other.address) as second,
    ):
        await first.admin.set_limit(target, unit="messages", period=Period.LIFETIME, amount=LIMIT)
        admitted = await race([first, second])
        status = await second.status(user="u1", groups=["g"], chat="c1")
    assert admitted == LIMIT
    assert [(found.spent, found.held) for found in status.limits] == [(0, LIMIT)]


async def race(clients: list[Client]) -> int:
    """Let every caller ask for one at the same moment, half of them at each server; count who got it."""
    barrier = asyncio.Barrier(CALLERS)

    async def ask(quota: Client) -> bool:
        await barrier.wait()
        try:
            await quota.open_hold(user="u1", groups=["g"], chat="c1", messages=1, timeout=60)
        except Refused:
            return False
        return True

    return sum(await asyncio.gather(*(ask(clients[number % 2]) for number in range(CALLERS))))
