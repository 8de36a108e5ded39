# Generated from almoner/_async/admin_base.py by tools/generate_blocking.py. Do not edit.
"""What the calls of administrators have in common."""

from collections.abc import Iterator
from typing import Any

from almoner._sync.transport import Transport
from almoner.wire.methods import Method, ResponseT


class AdminBase:
    """Holds the connection and the namespace."""

    def __init__(self, transport: Transport, namespace: str) -> None:
        self._transport = transport
        self._namespace = namespace

    def _pages(self, method: Method[Any, ResponseT], request: Any) -> Iterator[ResponseT]:
        """Fetch page by page; every list request has `page_token`, every answer `next_page_token`."""
        while True:
            answer: Any = self._transport.call(method, request)
            yield answer
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token
