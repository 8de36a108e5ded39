"""(e) Redis with two Lua scripts, one to set aside and one to settle: exact, and as durable as its append-only file."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from almoner import new_id
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotYet

from bench.schemes.base import CONNECTIONS, Terms

FSYNCS = ("always", "everysec")
START_SECONDS = 10.0
CHECK = """
local taken = tonumber(redis.call('HGET', KEYS[1], 'spent') or 0) + tonumber(redis.call('HGET', KEYS[1], 'held') or 0)
if taken + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'held', ARGV[1])
redis.call('SET', KEYS[2], ARGV[1], 'EX', 600)
return 1
"""
COMMIT = """
local held = redis.call('GETDEL', KEYS[2])
if not held then return 0 end
redis.call('HINCRBY', KEYS[1], 'held', -tonumber(held))
redis.call('HINCRBY', KEYS[1], 'spent', ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[1])
return 1
"""


class RedisLua:
    """Runs the scripts."""

    def __init__(self, redis: Any, terms: Terms) -> None:
        self._check = redis.register_script(CHECK)
        self._commit = redis.register_script(COMMIT)
        self._terms = terms

    async def check(self, number: int) -> tuple[str, str] | None:
        """Set the amount aside if it fits."""
        user, hold = self._terms.user(number), f"hold:{new_id()}"
        allowed = await self._check(keys=[f"user:{user}", hold], args=[self._terms.held, self._terms.limit])
        return (user, hold) if allowed else None

    async def commit(self, ticket: tuple[str, str]) -> None:
        """Book the cost and give the hold back."""
        user, hold = ticket
        await self._commit(keys=[f"user:{user}", hold, f"ledger:{user}"], args=[self._terms.spent])


@dataclass(frozen=True, slots=True)
class OnRedis:
    """Opens the scheme."""

    socket: str
    terms: Terms

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RedisLua]:
        """Connect while the block runs."""
        redis: Any = _client(self.socket)
        try:
            yield RedisLua(redis, self.terms)
        finally:
            await redis.aclose()


def redis_server() -> str | None:
    """Return the program, None if it is not installed."""
    return shutil.which("redis-server")


@asynccontextmanager
async def redis_running(program: str, fsync: str) -> AsyncIterator[tuple[str, int]]:
    """Run a Redis that appends every change to a file; gives its socket and process id."""
    with tempfile.TemporaryDirectory(prefix="almoner-bench-") as folder:
        socket = str(Path(folder) / "redis")
        settings = {"port": "0", "unixsocket": socket, "dir": folder, "save": "", "appendonly": "yes"}
        settings |= {"appendfsync": fsync, "logfile": "log"}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        process = await asyncio.create_subprocess_exec(program, *options)
        try:
            await _ready(socket)
            yield socket, process.pid
        finally:
            process.terminate()
            await process.wait()


async def _ready(socket: str) -> None:
    redis: Any = _client(socket)
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    await redis.ping()
                except NotYet:
                    await asyncio.sleep(0.02)
                else:
                    return
    finally:
        await redis.aclose()


def _client(socket: str) -> Any:
    from redis.asyncio import BlockingConnectionPool, UnixDomainSocketConnection

    pool = BlockingConnectionPool(
        max_connections=CONNECTIONS, timeout=None, connection_class=UnixDomainSocketConnection, path=socket
    )
    return Redis(connection_pool=pool)
