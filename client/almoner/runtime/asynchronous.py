"""The primitives of the async client, on asyncio. `runtime.blocking` has the same names."""

import asyncio
from asyncio import sleep
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import grpc
from grpc.aio import AioRpcError, UsageError

from almoner.errors import ClientClosed
from almoner.runtime.channel import CHANNEL_OPTIONS
from almoner.tracing import Metadata
from almoner.wire.failures import failure
from almoner.wire.methods import Method, RequestT, ResponseT

__all__ = ["INTERRUPTED", "Background", "Channel", "finish", "outcome", "sleep"]

INTERRUPTED = asyncio.CancelledError
"""What a call in the middle is broken off with from outside."""

T = TypeVar("T")
_unfinished: dict[asyncio.Future[Any], asyncio.Future[None]] = {}


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end even if the caller is cancelled meanwhile; the cancellation goes on afterwards.

    Cancelled once more, the caller goes at once and the work ends by itself. It must have a bound of its own.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    ended = loop.create_future()  # what a cancellation meets in the place of the task
    _unfinished[task] = ended  # the loop alone would let a task be collected
    task.add_done_callback(_tell_end)
    try:
        await ended
        return task.result()
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait({task})
        _take_exception(task)
        raise


async def outcome(future: Future[T], timeout: float | None = None) -> T:
    """Wait for what a thread is doing, so many seconds at most. Raises TimeoutError."""
    async with asyncio.timeout(timeout):  # `wait_for` may swallow a cancellation
        return await asyncio.wrap_future(future)


def _tell_end(task: asyncio.Future[Any]) -> None:
    """Let the caller go on; half of what `asyncio.shield` costs, which every commit would pay."""
    ended = _unfinished.pop(task)
    if not ended.done():
        ended.set_result(None)


def _take_exception(task: asyncio.Future[Any]) -> None:
    """Look at what became of it, so that asyncio does not complain of an exception that nobody saw."""
    if not task.cancelled():
        task.exception()


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Background:
    """Runs one job beside the caller until it is stopped."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, job: Callable[[], Coroutine[Any, Any, None]], after: float = 0.0) -> None:
        """Begin the job after so many seconds. Most are stopped before, so that until then it is no task."""
        self._timer = asyncio.get_running_loop().call_later(after, self._begin, job)

    def _begin(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._task = asyncio.create_task(job())

    async def stopped(self, seconds: float) -> bool:
        """Wait inside the job; tell whether it shall end."""
        await sleep(seconds)
        return False

    def stop(self) -> None:
        """End the job where it stands. Safe to repeat."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()


class Channel:
    """Sends requests to one server over one connection, which begins with the first call."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None) -> None:
        self._address = address
        self._credentials = credentials
        self._channel: grpc.aio.Channel | None = None
        self._closed = False
        self._calls: dict[str, grpc.aio.UnaryUnaryMultiCallable[Any, Any]] = {}

    async def send(
        self, method: Method[RequestT, ResponseT], request: RequestT, timeout: float, metadata: Metadata
    ) -> ResponseT:
        """Send one request once.

        Raises:
            CallError: No answer but an error.
            ClientClosed: The channel has been closed.
        """
        self._refuse_if_closed()
        call = self._calls.get(method.name) or self._prepare(method)
        try:
            response: ResponseT = await call(request, timeout=timeout, metadata=metadata)
        except asyncio.CancelledError:
            if not _cancelled():  # by the channel, then: closing it looks the same
                self._refuse_if_closed()
            raise
        except AioRpcError as error:
            raise failure(error) from error
        except UsageError as error:  # closed by another task while this one was about to send
            raise ClientClosed(str(error)) from error
        return response

    def _prepare(self, method: Method[Any, Any]) -> grpc.aio.UnaryUnaryMultiCallable[Any, Any]:
        """Make what sends requests of a method, once: gRPC does not keep it."""
        call = self._open().unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        self._calls[method.name] = call
        return call

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ClientClosed("the client has been closed")

    def _open(self) -> grpc.aio.Channel:
        """Open at the first call, because an aio channel belongs to the loop that runs then."""
        if self._channel is None:
            self._channel = (
                grpc.aio.insecure_channel(self._address, CHANNEL_OPTIONS)
                if self._credentials is None
                else grpc.aio.secure_channel(self._address, self._credentials, CHANNEL_OPTIONS)
            )
        return self._channel

    async def close(self) -> None:
        """Break off what is under way and close. Safe to repeat."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()
