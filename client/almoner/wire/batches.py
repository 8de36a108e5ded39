"""Which calls may travel together, and how: their requests packed into one, its answers taken apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from almoner.errors import CallError, InternalError, InvalidArgument
from almoner.v1 import quota_service_pb2 as quota
from almoner.wire import methods
from almoner.wire.methods import Method
from almoner.wire.responses import item_error

MAX_ITEMS = 1_000
"""How many the contract lets travel together."""
MAX_BYTES = 1 << 20
"""How large their requests may be together. Far below what a server or a proxy takes at once (4 MiB for most)."""
MAX_REQUEST_BYTES = (4 << 20) - 4096
"""How large one request may be: 4 MiB with what a batch and a journal put around it."""

RequestT = TypeVar("RequestT", bound=Message)


@dataclass(frozen=True, slots=True)
class BatchMethod:
    """Carries many calls of one method in one call of another."""

    method: Method[Any, Any]

    def pack(self, requests: Sequence[Message]) -> Message:
        """Put requests into one."""
        packed: Message = self.method.request(requests=requests)
        return packed

    def unpack(self, answer: Any, count: int) -> list[Message | CallError]:
        """Take the answers apart: for each request, in order, its answer or its error.

        Raises:
            InternalError: There are not as many answers as requests, so none is known to be whose.
        """
        if len(answer.results) != count:
            raise InternalError(f"{self.method.name}: {len(answer.results)} results for {count} requests")
        return [
            item_error(result.error) if result.HasField("error") else result.response
            for result in answer.results
        ]


BATCHES: dict[Method[Any, Any], BatchMethod] = {
    methods.CHECK_QUOTA: BatchMethod(methods.BATCH_CHECK_QUOTA),
    methods.COMMIT: BatchMethod(methods.BATCH_COMMIT),
}
"""The methods whose calls may travel together, and the method that then carries them."""


def may_share(request: Message) -> bool:
    """Tell whether a request may share a batch: one that waits for room would keep the others waiting."""
    return not (isinstance(request, quota.CheckQuotaRequest) and request.HasField("wait"))


def sendable_size(request: Message) -> int:
    """Tell how large a request is, in bytes.

    Raises:
        InvalidArgument: No server takes it.
    """
    size = request.ByteSize()
    if size > MAX_REQUEST_BYTES:
        raise InvalidArgument(
            f"request: {size} bytes, at most {MAX_REQUEST_BYTES} are taken",
            reason="TOO_LONG",
            metadata={"field": "request", "value": f"{size} bytes", "limit": f"{MAX_REQUEST_BYTES} bytes"},
        )
    return size


def split(requests: Sequence[RequestT]) -> list[Sequence[RequestT]]:
    """Cut requests into what one call carries, in order.

    Raises:
        InvalidArgument: No server takes one of them.
    """
    parts: list[Sequence[RequestT]] = []
    start, room = 0, MAX_BYTES
    for number, request in enumerate(requests):
        size = sendable_size(request)
        if number > start and (size > room or number - start == MAX_ITEMS):
            parts.append(requests[start:number])
            start, room = number, MAX_BYTES
        room -= size
    return [*parts, requests[start:]] if requests else []
