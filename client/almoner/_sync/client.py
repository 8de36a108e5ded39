# Generated from almoner/_async/client.py by tools/generate_blocking.py. Do not edit.
"""The client for backends that call a model."""

from os import PathLike
from typing import Literal, Self

import grpc

from almoner._sync.admin import AdminClient
from almoner._sync.asking import Asking
from almoner._sync.choosing import make_calls
from almoner._sync.telling import Telling
from almoner._sync.transport import Transport
from almoner.address import server_address
from almoner.journal.options import Journal, LocalAllowance
from almoner.retry import RetryPolicy
from almoner.types.journal import Replayed
from almoner.wire.arguments import text


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
        journal: A directory, or a `Journal`, in which commits are kept on disk until the authority has them.
            None: nowhere. See docs/client.md, "The journal".
        on_unreachable: What checks and holds get while the authority cannot be reached: "deny", the error; or
            a `LocalAllowance` that may be spent meanwhile, which needs a `journal`.
        coalesce: Let checks, holds and commits that are made at the same moment travel together. Nothing
            waits for company; each keeps its own deadline, error, retries and cancellation.

    Raises:
        JournalError: The journal cannot be opened.
        InvalidArgument: An address, a namespace or a timeout that cannot be.
        ValueError: A `LocalAllowance` without a `journal`, or a journal without a name.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        namespace: str = "default",
        timeout: float = 10.0,
        retry: RetryPolicy | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        journal: str | PathLike[str] | Journal | None = None,
        on_unreachable: Literal["deny"] | LocalAllowance = "deny",
        coalesce: bool = True,
    ) -> None:
        self.address = server_address(address)
        self.namespace = text("namespace", namespace)
        self._transport = Transport(
            self.address,
            credentials=credentials,
            timeout=timeout,
            retry=retry or RetryPolicy(),
            coalesce=coalesce,
        )
        self._calls = make_calls(self._transport, namespace, journal, on_unreachable)

    def __enter__(self) -> Self:
        self._calls.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way and close the connection. Safe to repeat."""
        self._transport.close()
        self._calls.close()

    def replay_journal(self, *, dead: bool = False) -> Replayed:
        """Deliver now what the journal has, of every client of its directory that is not sending it itself.

        It happens by itself, too; this waits for it.

        Args:
            dead: Also what the authority refused for good before.

        Raises:
            ValueError: This client has no journal.
            CallError: The authority could not be reached. What it has not taken stays.
            JournalBusy: Another process is at it, and has not got on for as long as the client's timeout.
            JournalError: The journal cannot be used.
        """
        return self._calls.replay(dead=dead)

    @property
    def admin(self) -> AdminClient:
        """Give the calls of administrators, over the same connection."""
        return AdminClient(self._transport, self.namespace)
