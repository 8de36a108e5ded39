# Generated from almoner/_async/transport.py by tools/generate_blocking.py. Do not edit.
"""One request to one method, again while the server is away: the seam every call passes."""

import time

import grpc

from almoner._sync.coalescing import CoalescingChannel
from almoner.errors import Unavailable
from almoner.retry import RetryPolicy
from almoner.runtime.blocking import Channel, sleep
from almoner.tracing import Metadata, client_span
from almoner.wire.methods import Method, RequestT, ResponseT
from almoner.wire.scalars import not_seconds


class Transport:
    """Sends requests, each with its ids in it, so that sending one again is safe."""

    def __init__(
        self,
        address: str,
        *,
        credentials: grpc.ChannelCredentials | None,
        timeout: float,
        retry: RetryPolicy,
        coalesce: bool,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self.deadline(None)  # refuses a timeout that is none now, not in each call
        self._retry = retry
        channel = Channel(address, credentials)
        self._channel = CoalescingChannel(channel, address) if coalesce else channel

    def deadline(self, timeout: float | None) -> float:
        """Tell when a call with this timeout gives up, by `time.monotonic()`. None: the client's timeout.

        Raises:
            InvalidArgument: Not a number.
        """
        try:
            return time.monotonic() + (self.timeout if timeout is None else timeout)
        except TypeError:
            raise not_seconds("timeout", timeout if timeout is not None else self.timeout) from None

    def call(
        self,
        method: Method[RequestT, ResponseT],
        request: RequestT,
        *,
        timeout: float | None = None,
        wait: float = 0.0,
        repeat: bool = True,
    ) -> ResponseT:
        """Send a request and give the answer.

        Args:
            method: Where to.
            request: What.
            timeout: Seconds for all attempts together. None: the client's.
            wait: Seconds that the server may take on top, because it was asked to wait.
            repeat: Whether to send again after UNAVAILABLE.

        Raises:
            CallError: No answer but an error.
            ClientClosed: The client has been closed.
        """
        deadline = self.deadline(timeout) + wait
        with client_span(method.name, self.address) as metadata:
            return self._send(method, request, deadline, metadata, repeat)

    def _send(
        self,
        method: Method[RequestT, ResponseT],
        request: RequestT,
        deadline: float,
        metadata: Metadata,
        repeat: bool,
    ) -> ResponseT:
        pauses = self._retry.pauses() if repeat else iter(())
        while True:
            try:
                return self._channel.send(method, request, deadline - time.monotonic(), metadata)
            except Unavailable:
                pause = next(pauses, None)
                if pause is None or time.monotonic() + pause >= deadline:
                    raise
                sleep(pause)

    def close(self) -> None:
        """Break off what is under way and close the connection. Safe to repeat."""
        self._channel.close()
