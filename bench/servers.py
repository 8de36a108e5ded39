"""Servers in processes of their own: Almoner, and the one that does nothing."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from bench.traffic import NO_ID, Traffic, Wire

READY = re.compile(r"serving on (\S+?),? ")
START_SECONDS = 60.0
CHECK = "/almoner.v1.QuotaService/CheckQuota"
COMMIT = "/almoner.v1.QuotaService/Commit"
BATCH_CHECK = "/almoner.v1.QuotaService/BatchCheckQuota"
BATCH_COMMIT = "/almoner.v1.QuotaService/BatchCommit"


@dataclass(frozen=True, slots=True)
class Server:
    """Is a running server."""

    name: str
    address: str
    pid: int


@asynccontextmanager
async def almoner(dsn: str, *options: str) -> AsyncIterator[Server]:
    """Run `almoner serve` with its usual settings on a database while the block runs."""
    arguments = ("-m", "almoner.cli", "serve", "--listen", "127.0.0.1:0", "--database-url", dsn, *options)
    async with _serving("almoner", arguments) as server:
        yield server


@asynccontextmanager
async def noop(answers: tuple[bytes, bytes]) -> AsyncIterator[Server]:
    """Run a server that gives these answers to a check and a commit, and does nothing else."""
    check, commit = answers
    async with _serving("no-op", ("-m", "bench.noop", check.hex(), commit.hex())) as server:
        yield server


async def real_answers(address: str) -> tuple[bytes, bytes]:
    """Return what a server answers to one check and its commit."""
    wire, hold_id = Wire(Traffic(users=1)), NO_ID.encode()
    async with grpc.aio.insecure_channel(address) as channel:
        check: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CHECK)
        commit: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(COMMIT)
        return await check(wire.check(0, hold_id)), await commit(wire.commit(hold_id))


@asynccontextmanager
async def _serving(name: str, arguments: tuple[str, ...]) -> AsyncIterator[Server]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALMONER_", "OTEL_"))}
    environment = kept | {"GRPC_ENABLE_FORK_SUPPORT": "false"}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, env=environment)
    try:
        yield Server(name, await _address(process), process.pid)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _address(process: Process) -> str:
    """Wait until the server says where it listens. Raises RuntimeError if it does not."""
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), START_SECONDS)).decode()
    found = READY.search(line)
    if found is None:
        raise RuntimeError(f"a server did not start; it said: {line or 'nothing'}")
    return found[1]
