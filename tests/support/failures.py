"""What a failed call says, read from the wire as any language would."""

from collections.abc import Awaitable
from dataclasses import dataclass

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True)
class Failure:
    """Is a status with the ErrorInfo in it."""

    code: str
    reason: str
    message: str
    metadata: dict[str, str]

    @property
    def field(self) -> str:
        """Return the field at fault."""
        return self.metadata.get("field", "")


async def failure_of(call: Awaitable[object]) -> Failure:
    """Make a call that must fail; checks what every failure has in common."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    trailers = dict(error.trailing_metadata())
    assert DETAILS in trailers, f"no details: {error}"
    status = Status.FromString(trailers[DETAILS])
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    assert len(status.details) == 1
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "almoner"
    return Failure(error.code().name, info.reason, status.message, dict(info.metadata))
