"""Many callers at the same moment, over two replicas on one database: no limit is crossed (promise 1)."""

import asyncio
from datetime import timedelta

from tests.engine.replica import Replica, allowed, limit_everybody, limit_user, replica
from tests.engine.requests import check, commit

CALLERS = 400


async def race(replicas: list[Replica], users: list[str], wait: timedelta = timedelta(0)) -> int:
    """Let every caller check 1 behind a barrier, in turn on each replica; count those allowed."""
    barrier = asyncio.Barrier(CALLERS)

    async def caller(number: int) -> bool:
        await barrier.wait()
        engine = replicas[number % len(replicas)].engine
        return allowed(await engine.check(check(users[number % len(users)]), wait))

    return sum(await asyncio.gather(*(caller(number) for number in range(CALLERS))))


async def test_a_users_limit_admits_exactly_as_many_as_fit(database: str) -> None:
    async with replica(database) as one, replica(database) as two:
        await limit_user(one.store, "u1", 5)
        assert await race([one, two], ["u1"]) == 5


async def test_a_pool_admits_exactly_as_many_as_fit_of_many_users(database: str) -> None:
    async with replica(database) as one, replica(database) as two:
        await limit_everybody(one.store, 7)
        assert await race([one, two], [f"u{number}" for number in range(50)]) == 7


async def test_racers_that_wait_get_no_more_than_those_that_do_not(database: str) -> None:
    async with replica(database) as one, replica(database) as two:
        await limit_user(one.store, "u1", 5)
        assert await race([one, two], ["u1"], timedelta(seconds=1)) == 5


async def test_a_hold_taken_here_is_settled_there(database: str) -> None:
    async with replica(database) as one, replica(database) as two:
        await limit_user(one.store, "u1", 100)
        requests = [check("u1") for _ in range(100)]
        assert all(map(allowed, await one.engine.submit_many(requests)))
        commits = [commit(request.hold.id) for request in requests if request.hold]
        both = await asyncio.gather(two.engine.submit_many(commits), one.engine.submit_many(commits))
        replays = sum(outcome.replayed for outcomes in both for outcome in outcomes)  # type: ignore[union-attr]
        assert replays == 100
