"""One call from its bytes to its bytes: parse, have it answered, turn whatever goes wrong into a status."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from almoner_server.observe.report import CallReport, CallWatcher
from almoner_server.rpc.arrivals import Arrivals
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.crowd import Crowd
from almoner_server.rpc.failures import Failure, failure_of, malformed

Context = grpc.aio.ServicerContext[bytes, bytes]
_Request = TypeVar("_Request", bound=Message)


class Call(CallReport):
    """Is one call under way, as the methods of the services see it."""

    __slots__ = ("_time_remaining",)

    def __init__(self, time_remaining: Callable[[], float | None]) -> None:
        super().__init__()
        self._time_remaining = time_remaining

    def seconds_left(self) -> float | None:
        """Return how long the caller still waits for the answer; None if it named no deadline."""
        left = self._time_remaining()
        return None if left is None else float(left)


Method = Callable[[Any, Call], Awaitable[Message]]
"""Answers a request. What it raises becomes the status of the call."""


class Handler:
    """Handles the calls of one method.

    gRPC gives it bytes, not messages: what cannot be parsed is a caller's mistake, and gRPC would call it a
    failure of the server and log a stack trace.
    """

    def __init__(
        self,
        descriptor: MethodDescriptor,
        method: Method,
        backend: Backend,
        watcher: CallWatcher,
        arrivals: Arrivals,
        crowd: Crowd,
    ) -> None:
        self._name = f"{descriptor.containing_service.full_name}/{descriptor.name}"
        self._parse: Callable[[bytes], Message] = GetMessageClass(descriptor.input_type).FromString
        self._method = method
        self._backend = backend
        self._watcher = watcher
        self._arrivals = arrivals
        self._crowd = crowd

    async def handle(self, _: object, context: Context) -> bytes:
        """Answer one call."""
        call = Call(context.time_remaining)
        with self._watcher.call(self._name, call, context.invocation_metadata):
            answer = await self._answer_or_failure(context, call)
        if isinstance(answer, Failure):
            await context.abort(answer.status, answer.message, answer.trailers)
        return answer

    async def _answer_or_failure(self, context: Context, call: Call) -> bytes | Failure:
        try:
            return await self._answer(await self._arrivals.read(context), call)
        except Exception as error:  # noqa: BLE001 - the caller hears of it, and of a bug the log does too
            failure = failure_of(error, self._name)
            call.code, call.message = failure.status.name, failure.message
            return failure

    async def _answer(self, raw: bytes, call: Call) -> bytes:
        self._backend.require_open()
        self._crowd.enter(len(raw))
        try:
            request = self._parse(raw)
            response = await self._method(request, call)
        except DecodeError:
            raise malformed(self._name) from None
        finally:
            self._crowd.leave(len(raw))
        return response.SerializeToString()
