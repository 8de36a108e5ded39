"""Calls whose message is still on its way: what has come of it lies in memory that only gRPC knows.

gRPC keeps a message it has not received whole for as long as the caller likes, and for Python it offers no bound on all
of them together. So each call is noted before its message is read, and one whose message does not arrive is ended:
after `PATIENCE` looks, and before that the oldest where too many are late. An age is a number of looks, not of seconds:
a server that was stopped or is too busy to read must not take that for its callers' fault.

What has arrived whole and waits for its turn lies there, too. So while the process has more than `max_memory`, nothing
is read and what is on its way is ended: calls that are told to come again are better than a process that is killed.
"""

import asyncio
from contextlib import suppress
from typing import Any

import grpc

from almoner_server.core.errors import RequestFailed
from almoner_server.rpc.memory import give_back, resident_bytes

LOOK_SECONDS = 0.25
LATE = 4
"""Looks after which a message that has not arrived is late: it takes a caller's network some milliseconds."""
PATIENCE = 40
"""Looks after which a call without its message is ended."""
MAX_LATE = 64
"""Calls that may be late at once: with the bound on one message, 256 MiB."""


class Arrivals:
    """Reads the messages of calls, from `start` until `stop`, unless the process has over `max_memory` bytes."""

    def __init__(self, max_memory: int) -> None:
        self._max_memory = max_memory
        self._is_full = False
        self._expected: dict[asyncio.Task[object], int] = {}
        self._ended: set[asyncio.Task[object]] = set()
        self._looks = 0
        self._looking: asyncio.Task[None] | None = None

    async def read(self, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        """Return the message of this task's call.

        Raises:
            RequestFailed: OVERLOADED, it has not arrived in time or there is no memory for it; MALFORMED_MESSAGE, the
                call has none.
        """
        if self._is_full:
            raise self._out_of_memory()
        task = asyncio.current_task()
        assert task is not None
        self._expected[task] = self._looks
        try:
            message: bytes | object = await context.read()
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            raise self._why_ended() from None
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
        self._is_full = resident_bytes() > self._max_memory
        if self._is_full:
            give_back()
        patience, max_late = (1, 0) if self._is_full else (LATE, MAX_LATE)
        ages = [(task, self._looks - noted) for task, noted in self._expected.items()]
        late = [(task, age) for task, age in ages if age > patience]
        for number, (task, age) in enumerate(late):
            if age > PATIENCE or number < len(late) - max_late:
                self._ended.add(task)
                task.cancel()

    def _why_ended(self) -> RequestFailed:
        return self._out_of_memory() if self._is_full else _too_slow()

    def _out_of_memory(self) -> RequestFailed:
        message = f"the server has used up its {self._max_memory} bytes of memory: try again later"
        return RequestFailed("RESOURCE_EXHAUSTED", "OVERLOADED", message, limit=str(self._max_memory))


def _too_slow() -> RequestFailed:
    limit = int(PATIENCE * LOOK_SECONDS)
    message = (
        f"the message of this call has not arrived within {limit} s, or {MAX_LATE} others are late as well"
    )
    return RequestFailed("RESOURCE_EXHAUSTED", "OVERLOADED", message, limit=str(limit))
