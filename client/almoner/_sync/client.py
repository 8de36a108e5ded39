# Generated from almoner/_async/client.py by tools/generate_blocking.py. Do not edit.
"""The client for backends that call a model."""

from typing import Self

import grpc

from almoner._sync.admin import AdminClient
from almoner._sync.asking import Asking
from almoner._sync.calls import QuotaCalls
from almoner._sync.telling import Telling
from almoner._sync.transport import Transport
from almoner.address import server_address
from almoner.retry import RetryPolicy


class Client(Asking, Telling):
    """Asks before a model call, tells afterwards, shows what is left.

    Amounts are given by unit, as `amounts={"tokens": 700}` or as keywords, `tokens=700`. `usd` is decimal
    dollars and becomes the unit `usd_micros`, a fraction of a micro-dollar rounded up; every other unit takes
    whole numbers, 0 to 10^13.

    Example:
        with Client("127.0.0.1:50051") as quota:
            with quota.hold(user="u-17", chat="c1", usd=0.25, messages=1) as hold:
                reply = call_the_model()
                hold.commit(usd=reply.cost, messages=1)

    Args:
        address: The server's, `host:port` or another gRPC target. None: that of ALMONER_SERVER, else
            127.0.0.1:50051. Nothing connects before the first call.
        namespace: Where every id of this client lives.
        timeout: Seconds for one call with all its attempts.
        retry: How to send again what met UNAVAILABLE.
        credentials: For TLS, as `grpc.ssl_channel_credentials()` gives them. None: plain text.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        namespace: str = "default",
        timeout: float = 10.0,
        retry: RetryPolicy | None = None,
        credentials: grpc.ChannelCredentials | None = None,
    ) -> None:
        self.address = server_address(address)
        self.namespace = namespace
        self._transport = Transport(
            self.address, credentials=credentials, timeout=timeout, retry=retry or RetryPolicy()
        )
        self._calls = QuotaCalls(self._transport, namespace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way and close the connection. Safe to repeat."""
        self._transport.close()

    @property
    def admin(self) -> AdminClient:
        """Give the calls of administrators, over the same connection."""
        return AdminClient(self._transport, self.namespace)
