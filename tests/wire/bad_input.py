"""What every refusal of bad input has in common."""

from collections.abc import Mapping

import grpc
from almoner.v1.admin_service_pb2_grpc import AdminServiceStub
from almoner.v1.error_reason_pb2 import ErrorReason
from almoner.v1.quota_service_pb2_grpc import QuotaServiceStub
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from tests.support.failures import failure_of

ID = "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"
LONG = "x" * 257
Content = Mapping[str, object]
Case = tuple[type[Message], Content, str, str]
"""The request, its content as JSON, and the reason and the field that the refusal names."""


def named(part: object) -> str:
    """Name a case after its request, its reason and its field."""
    if isinstance(part, type):
        return part.__name__.removesuffix("Request")
    return part if isinstance(part, str) else "with"


async def assert_refused(
    channel: grpc.aio.Channel, kind: type[Message], content: Content, reason: str, field: str
) -> None:
    """Send a request and make sure that it is refused for this reason, naming this field."""
    method = kind.__name__.removesuffix("Request")
    quota, admin = QuotaServiceStub(channel), AdminServiceStub(channel)
    call = getattr(quota if hasattr(quota, method) else admin, method)
    failure = await failure_of(call(ParseDict(dict(content), kind())))
    assert (failure.code, failure.reason, failure.field) == ("INVALID_ARGUMENT", reason, field)
    assert failure.message.startswith(f"{field}: ")
    assert f"ERROR_REASON_{reason}" in ErrorReason.DESCRIPTOR.values_by_name
