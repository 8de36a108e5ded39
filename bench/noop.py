"""The floor: a gRPC server with Almoner's messages and options that does nothing. `python -m bench.noop CHECK COMMIT`.

The arguments are the answers it gives, in hexadecimal: what Almoner answered to the same requests. It parses every
request and serializes every answer, as any server does, and does nothing between.
"""

import asyncio
import signal
import sys
from collections.abc import Callable

import grpc
import uvloop
from almoner.v1 import quota_service_pb2 as quota
from almoner.wire import methods
from almoner_server.rpc.bounds import OPTIONS
from google.protobuf.message import Message

SERVICE = "almoner.v1.QuotaService"


def handlers(check: quota.CheckQuotaResponse, commit: quota.CommitResponse) -> grpc.GenericRpcHandler:
    """Return what answers the four methods that are measured."""
    checked, committed = quota.CheckQuotaResult(response=check), quota.CommitResult(response=commit)

    def many_checked(request: quota.BatchCheckQuotaRequest) -> quota.BatchCheckQuotaResponse:
        return quota.BatchCheckQuotaResponse(results=[checked] * len(request.requests))

    def many_committed(request: quota.BatchCommitRequest) -> quota.BatchCommitResponse:
        return quota.BatchCommitResponse(results=[committed] * len(request.requests))

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "CheckQuota": _handler(methods.CHECK_QUOTA, lambda _: check),
            "Commit": _handler(methods.COMMIT, lambda _: commit),
            "BatchCheckQuota": _handler(methods.BATCH_CHECK_QUOTA, many_checked),
            "BatchCommit": _handler(methods.BATCH_COMMIT, many_committed),
        },
    )


def _handler(
    method: methods.Method[methods.RequestT, methods.ResponseT],
    answer: Callable[[methods.RequestT], Message],
) -> "grpc.RpcMethodHandler[methods.RequestT, Message]":
    async def handle(request: methods.RequestT, _: object) -> Message:
        return answer(request)

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=method.request.FromString,
        response_serializer=method.response.SerializeToString,
    )


async def main(check: str, commit: str) -> None:
    """Serve until SIGTERM."""
    server = grpc.aio.server(options=OPTIONS)
    answers = (
        quota.CheckQuotaResponse.FromString(bytes.fromhex(check)),
        quota.CommitResponse.FromString(bytes.fromhex(commit)),
    )
    server.add_generic_rpc_handlers([handlers(*answers)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    print(f"serving on 127.0.0.1:{port}, doing nothing", flush=True)
    await told.wait()
    await server.stop(1)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
