"""What gRPC raises, to this package's errors."""

from typing import Protocol, cast

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from almoner.errors import CallError, call_error

CODE_NAMES: dict[int, str] = {code.value[0]: code.name for code in grpc.StatusCode}
"""The names of the gRPC status codes by their numbers."""


class FailedCall(Protocol):
    """Describes what the errors of both kinds of channel offer."""

    def code(self) -> grpc.StatusCode:
        """Give the status code."""

    def details(self) -> str | None:
        """Give the message."""


def failure(call: FailedCall) -> CallError:
    """Convert a failed call, with the reason and metadata of its ErrorInfo if it carries one."""
    info = _error_info(call)
    return call_error(call.code().name, call.details() or "", info.reason, dict(info.metadata))


def _error_info(call: FailedCall) -> ErrorInfo:
    info = ErrorInfo()
    for detail in _status(call).details:
        if detail.Unpack(info):
            break
    return info


def _status(call: FailedCall) -> Status:
    """Read the status out of the trailers. One that contradicts the call is not Almoner's: leave it.

    The cast: the library reads no more of a `grpc.Call` than both kinds of error offer.
    """
    try:
        return rpc_status.from_call(cast("grpc.Call", call)) or Status()
    except ValueError:
        return Status()
