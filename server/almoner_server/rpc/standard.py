"""The services that come with gRPC, health and reflection, with the same bounds on what is on its way as our own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from almoner_server.core.errors import RequestFailed
from almoner_server.rpc.arrivals import Arrivals
from almoner_server.rpc.bounds import MAX_CONVERSATIONS, MAX_WATCHES
from almoner_server.rpc.crowd import Crowd
from almoner_server.rpc.failures import failure_of, malformed

Context = grpc.aio.ServicerContext[Any, Any]
Answer = Callable[[Message, Context], Awaitable[Message | None]]
Converse = Callable[[AsyncIterator[Message], Context], AsyncIterator[Message]]


def standard_handler(
    service: ServiceDescriptor, servicer: object, arrivals: Arrivals
) -> grpc.GenericRpcHandler:
    """Return what makes gRPC's handler of a service that is answered by the `grpc.aio` servicer made for it."""
    return grpc.method_handlers_generic_handler(
        service.full_name,
        {
            method.name: _handler(method, getattr(servicer, method.name), arrivals)
            for method in service.methods
        },
    )


def _handler(
    method: MethodDescriptor, behaviour: Any, arrivals: Arrivals
) -> "grpc.RpcMethodHandler[Any, Any]":
    parse = GetMessageClass(method.input_type).FromString
    if method.client_streaming:
        crowd = Crowd(MAX_CONVERSATIONS)
        return grpc.stream_stream_rpc_method_handler(_Conversing(behaviour, crowd).handle, parse, _serialized)
    crowd = Crowd(MAX_WATCHES)
    answer = _Reading(method.full_name, parse, behaviour, arrivals, crowd).handle
    kind = (
        grpc.stream_stream_rpc_method_handler
        if method.server_streaming
        else grpc.stream_unary_rpc_method_handler
    )
    return kind(answer, response_serializer=_serialized)


class _Reading:
    """Answers calls of one request each."""

    def __init__(
        self,
        name: str,
        parse: Callable[[bytes], Message],
        answer: Answer,
        arrivals: Arrivals,
        crowd: Crowd,
    ) -> None:
        self._name = name
        self._parse = parse
        self._answer = answer
        self._arrivals = arrivals
        self._crowd = crowd

    async def handle(self, _: object, context: Context) -> Message | None:
        try:
            request = self._parse(await self._arrivals.read(context))
            self._crowd.enter()
        except DecodeError:
            await _abort(context, malformed(self._name), self._name)
        except RequestFailed as error:
            await _abort(context, error, self._name)
        try:
            return await self._answer(request, context)
        finally:
            self._crowd.leave()


class _Conversing:
    """Answers calls of any number of requests each."""

    def __init__(self, converse: Converse, crowd: Crowd) -> None:
        self._converse = converse
        self._crowd = crowd

    async def handle(self, requests: AsyncIterator[Message], context: Context) -> AsyncIterator[Message]:
        try:
            self._crowd.enter()
        except RequestFailed as error:
            await _abort(context, error, "")
        try:
            async for answer in self._converse(requests, context):
                yield answer
        finally:
            self._crowd.leave()


async def _abort(context: Context, error: RequestFailed, method: str) -> NoReturn:
    failure = failure_of(error, method)
    await context.abort(failure.status, failure.message, failure.trailers)
    raise AssertionError("an aborted call goes no further")


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()
