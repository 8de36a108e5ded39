"""Calls that are made at one moment, and what arrived of them."""

import asyncio

from almoner import Client, Decision
from almoner.v1 import quota_service_pb2 as pb

from tests.client.script import Gate, ScriptedServer

Call = asyncio.Task[Decision]


def methods(server: ScriptedServer) -> list[str]:
    return [call.method for call in server.calls]


def users(batch: pb.BatchCheckQuotaRequest) -> list[str]:
    return [item.subject.user for item in batch.requests]


def start(quota: Client, *names: str, timeout: float | None = None) -> list[Call]:
    return [asyncio.create_task(quota.check(user=name, timeout=timeout)) for name in names]


async def reached(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.reached.wait, 10)
