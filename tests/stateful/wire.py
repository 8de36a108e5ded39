"""Ask a server over gRPC as any language would, and read the answer or the error."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import grpc
from almoner.testing.v1.clock_service_pb2 import SetClockRequest, SetClockResponse
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import quota_service_pb2 as quota
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from tests.stateful.model import Refusal
from tests.stateful.model.windows import stamp

SECONDS = 10
DETAILS = "grpc-status-details-bin"
CODES = {code.value[0]: code.name for code in grpc.StatusCode}


class Wire:
    """Calls servers by the names of methods: the first one mostly, the last one every fourth time."""

    def __init__(self, *addresses: str) -> None:
        self._channels = [grpc.insecure_channel(address) for address in addresses]
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._channels:
            channel.close()

    def begin(self) -> None:
        """Count from the start, so that a history that is played again asks the same servers."""
        self._calls = 0

    def call(self, method: str, request: Message) -> Message:
        """Make a call. Raises Refusal."""
        service = "QuotaService" if hasattr(quota, f"{method}Request") else "AdminService"
        response: type[Message] = getattr(quota if service == "QuotaService" else admin, f"{method}Response")
        return self._call(f"/almoner.v1.{service}/{method}", request, response)

    def call_together(self, method: str, requests: Sequence[Message]) -> list[Message | Refusal]:
        """Make calls of one method in one batch; return the answer or the error of each."""
        batch: Message = getattr(quota, f"Batch{method}Request")(requests=requests)
        answer: Any = self.call(f"Batch{method}", batch)
        return [
            result.response
            if result.HasField("response")
            else Refusal(CODES[result.error.code], result.error.reason)
            for result in answer.results
        ]

    def set_clock(self, moment: datetime) -> None:
        """Stop the clock at a moment."""
        request = SetClockRequest(time=stamp(moment))
        self._call("/almoner.testing.v1.ClockService/SetClock", request, SetClockResponse)

    def _call(self, path: str, request: Message, response: type[Message]) -> Message:
        self._calls += 1
        call = self._channels[0 if self._calls % 4 else -1].unary_unary(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            answer: Message = call(request, timeout=SECONDS)
        except grpc.RpcError as error:
            raise _refusal(error) from error
        return answer


def _refusal(error: grpc.RpcError) -> Refusal:
    trailers: Any = error.trailing_metadata()
    details = dict(trailers or ()).get(DETAILS)
    if not isinstance(details, bytes):
        raise AssertionError(f"an error without details: {error}")
    info = ErrorInfo()
    Status.FromString(details).details[0].Unpack(info)
    return Refusal(error.code().name, info.reason)
