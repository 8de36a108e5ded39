"""What the calls of administrators have in common."""

from collections.abc import AsyncIterator
from typing import Any

from almoner._async.transport import Transport
from almoner.wire.methods import Method, ResponseT


class AdminBase:
    """Holds the connection and the namespace."""

    def __init__(self, transport: Transport, namespace: str) -> None:
        self._transport = transport
        self._namespace = namespace

    async def _pages(self, method: Method[Any, ResponseT], request: Any) -> AsyncIterator[ResponseT]:
        """Fetch page by page; every list request has `page_token`, every answer `next_page_token`."""
        while True:
            answer: Any = await self._transport.call(method, request)
            yield answer
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token
