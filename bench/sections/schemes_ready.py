"""The schemes that people use today, each with tables of its own on the PostgreSQL that Almoner uses too."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bench.load.target import Opening
from bench.schemes import Scheme, prepare
from bench.schemes.base import Terms
from bench.schemes.redis_lua import FSYNCS, OnRedis, redis_running, redis_server
from bench.stage import Stage


@asynccontextmanager
async def schemes_ready(
    stage: Stage, kinds: Sequence[type[Scheme]], terms: Terms, *, redis: bool = True
) -> AsyncIterator[dict[str, Opening]]:
    """Prepare schemes while the block runs; those on Redis only where a redis-server is found."""
    found: dict[str, Opening] = {}
    for kind in kinds:
        found[kind.name] = await prepare(kind, await stage.empty_database(), terms)
    async with AsyncExitStack() as running:
        program = redis_server() if redis else None
        for fsync in FSYNCS if program else ():
            assert program is not None
            socket, _ = await running.enter_async_context(redis_running(program, fsync))
            found[f"Redis, {fsync}"] = OnRedis(socket, terms)
        yield found
