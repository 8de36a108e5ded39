"""The primitives of the blocking client, on threads. `runtime.asynchronous` has the same names."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from time import sleep
from typing import Any, TypeVar

import grpc

from almoner.errors import ClientClosed
from almoner.runtime.channel import CHANNEL_OPTIONS
from almoner.tracing import Metadata
from almoner.wire.failures import failure
from almoner.wire.methods import Method, RequestT, ResponseT

__all__ = ["INTERRUPTED", "Background", "Channel", "finish", "outcome", "sleep"]

INTERRUPTED = KeyboardInterrupt
"""What a call in the middle is broken off with from outside."""

T = TypeVar("T")


def finish(done: T) -> T:
    """Give back what has been done already: a blocking call ends before this one begins."""
    return done


def outcome(future: Future[T], timeout: float | None = None) -> T:
    """Wait for what a thread is doing, so many seconds at most. Raises TimeoutError."""
    return future.result(timeout)


class Background:
    """Runs one job beside the caller until it is stopped."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def start(self, job: Callable[[], None], after: float = 0.0) -> None:
        """Begin the job after so many seconds, in the context of the caller."""
        run = copy_context().run
        threading.Thread(
            target=run, args=(self._begin, job, after), name="almoner-background", daemon=True
        ).start()

    def _begin(self, job: Callable[[], None], after: float) -> None:
        if not self._stop.wait(after):
            job()

    def stopped(self, seconds: float) -> bool:
        """Wait inside the job; tell whether it shall end."""
        return self._stop.wait(seconds)

    def stop(self) -> None:
        """End the job at its next wait. Safe to repeat."""
        self._stop.set()


class Channel:
    """Sends requests to one server over one connection, which begins with the first call."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None) -> None:
        self._closed = False
        self._calls: dict[str, grpc.UnaryUnaryMultiCallable[Any, Any]] = {}
        self._channel = (
            grpc.insecure_channel(address, CHANNEL_OPTIONS)
            if credentials is None
            else grpc.secure_channel(address, credentials, CHANNEL_OPTIONS)
        )

    def send(
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
            response: ResponseT = call(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            self._refuse_if_closed()
            raise failure(error) from error
        except ValueError as error:  # closed by another thread while this one was about to send
            raise ClientClosed(str(error)) from error
        return response

    def _prepare(self, method: Method[Any, Any]) -> "grpc.UnaryUnaryMultiCallable[Any, Any]":
        """Make what sends requests of a method, once: gRPC does not keep it."""
        call = self._channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        self._calls[method.name] = call
        return call

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ClientClosed("the client has been closed")

    def close(self) -> None:
        """Break off what is under way and close. Safe to repeat."""
        self._closed = True
        self._channel.close()
