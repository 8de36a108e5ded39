"""Calls whose message is still on its way: what has come of it lies in memory that only gRPC knows.

gRPC keeps a message it has not received whole for as long as the caller likes, and for Python it offers no bound on all
of them together. So each call is noted before its message is read, and one whose message does not arrive is ended:
after `PATIENCE` looks, and before that the oldest where too many are late. An age is a number of looks, not of seconds:
a server that was stopped or is too busy to read must not take that for its callers' fault.
"""

import asyncio
from contextlib import suppress
from typing import Any

import grpc

from almoner_server.core.errors import RequestFailed

LOOK_SECONDS = 0.25
LATE = 4
"""Looks after which a message that has not arrived is late: it takes a caller's network some milliseconds."""
PATIENCE = 40
"""Looks after which a call without its message is ended."""
MAX_LATE = 64
"""Calls that may be late at once: with the bound on one message, 256 MiB."""


class Arrivals:
    """Reads the messages of calls, from `start` until `stop`."""

    def __init__(self) -> None:
        self._expected: dict[asyncio.Task[object], int] = {}
        self._ended: set[asyncio.Task[object]] = set()
        self._looks = 0
        self._looking: asyncio.Task[None] | None = None

    async def read(self, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        """Return the message of this task's call. Raises RequestFailed OVERLOADED: it has not arrived in time."""
        task = asyncio.current_task()
        assert task is not None
        self._expected[task] = self._looks
        try:
            message: bytes | object = await context.read()
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            raise _too_slow() from None
        finally:
            self._expected.pop(task, None)
            self._ended.discard(task)
        if isinstance(message, bytes):
            return message
        raise RequestFailed("INVALID_ARGUMENT", "MALFORMED_MESSAGE", "the call has ended without its message")

    def start(self) -> None:
        """Look now and then for those that are late."""
        self._looking = asyncio.create_task(self._look_always(), name="almoner-arrivals")

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look_always(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """End who has taken too long. Those noted first come first."""
        self._looks += 1
        late = [(task, age) for task, noted in self._expected.items() if (age := self._looks - noted) > LATE]
        for number, (task, age) in enumerate(late):
            if age > PATIENCE or number < len(late) - MAX_LATE:
                self._ended.add(task)
                task.cancel()


def _too_slow() -> RequestFailed:
    limit = int(PATIENCE * LOOK_SECONDS)
    message = (
        f"the message of this call has not arrived within {limit} s, or {MAX_LATE} others are late as well"
    )
    return RequestFailed("RESOURCE_EXHAUSTED", "OVERLOADED", message, limit=str(limit))
