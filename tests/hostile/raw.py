"""Calls of bytes, and what the server knows before and after them."""

from dataclasses import dataclass

import asyncpg
import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status

from tests.support.failures import DETAILS

TABLES = (
    "namespaces", "accounts", "user_groups", "chats", "limits", "limit_changes", "holds", "charges", "adjustments",
)  # fmt: skip
_DIGEST = " UNION ALL ".join(
    f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
    for table in TABLES
)


@dataclass(frozen=True)
class Answer:
    """Is what came back: a status and, of a failure, whether it explained itself."""

    method: str
    code: str
    message: str
    explained: bool
    stores: bool
    """Whether it may have stored something: it was answered, and not by failures or refusals alone."""


async def call(
    channel: grpc.aio.Channel,
    method: MethodDescriptor,
    raw: bytes,
    metadata: tuple[tuple[str, str | bytes], ...] = (),
) -> Answer:
    """Send bytes to a method."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    send: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
    try:
        answer = await send(raw, timeout=30, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        status = Status.FromString(dict(error.trailing_metadata() or ()).get(DETAILS, b""))
        explained = len(status.details) == 1
        return Answer(method.name, error.code().name, error.details() or "", explained, stores=False)
    return Answer(method.name, "OK", "", explained=True, stores=_stores(method, answer))


def _stores(method: MethodDescriptor, raw: bytes) -> bool:
    answer = GetMessageClass(method.output_type).FromString(raw)
    if method.name.startswith("Batch"):
        return any(
            result.HasField("response")
            and (not hasattr(result.response, "decision") or result.response.decision.allowed)
            for result in answer.results  # type: ignore[attr-defined]
        )
    if method.name in ("CheckQuota", "Extend"):
        return bool(answer.decision.allowed)  # type: ignore[attr-defined]
    return not method.name.startswith(("Get", "List"))


async def digest(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str]:
    """Sum up every table."""
    return {row[0]: row[1] for row in await connection.fetch(_DIGEST)}
