"""Callers that hold and callers that wait."""

import asyncio
from datetime import timedelta
from uuid import UUID

from almoner_server.core.requests import Check, CheckResult

from tests.engine.eventually import eventually
from tests.engine.replica import Replica

LONG = timedelta(seconds=30)


async def take(replica: Replica, request: Check) -> UUID:
    """Hold what a check asks for."""
    result = await replica.engine.check(request)
    assert result.hold_id is not None
    return result.hold_id


async def queue(replica: Replica, request: Check, wait: timedelta = LONG) -> "asyncio.Task[CheckResult]":
    """Let a check wait, and return when it stands in line."""
    before = replica.engine.waiting
    task = asyncio.create_task(replica.engine.check(request, wait))
    await eventually(lambda: replica.engine.waiting == before + 1)
    return task
