"""A QuotaService and an AdminService that answer by a script, over a real socket.

The rules of the authority are not played here: the script stands for what only a network and a failing
server can do to a client, and what the client sent is kept for the test to look at.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, Self

import grpc
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

EXPIRE_TIME = datetime(2026, 3, 11, 10, 10, tzinfo=UTC)


@dataclass
class Failure:
    """An error as the server sends it, with its ErrorInfo if it has a reason."""

    code: grpc.StatusCode
    message: str = "scripted"
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    def abort(self, context: grpc.ServicerContext) -> NoReturn:
        if not self.reason:
            context.abort(self.code, self.message)
        detail = AnyMessage()
        detail.Pack(ErrorInfo(reason=self.reason, domain="almoner", metadata=self.metadata))
        status = Status(code=self.code.value[0], message=self.message, details=[detail])
        context.abort_with_status(rpc_status.to_status(status))


UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE, reason="STORE_UNAVAILABLE")
GONE = Failure(grpc.StatusCode.NOT_FOUND, reason="HOLD_NOT_FOUND")
SETTLED = Failure(grpc.StatusCode.FAILED_PRECONDITION, reason="HOLD_SETTLED")
Step = Message | Failure | Callable[[Any, grpc.ServicerContext], Message]


@dataclass
class Call:
    """One request as it arrived."""

    method: str
    request: Any
    metadata: dict[str, str]
    seconds_left: float


class ScriptedServer:
    """Serves each method by its next scripted step, or as an authority without limits would."""

    def __init__(self, address: str = "127.0.0.1:0") -> None:
        self.calls: list[Call] = []
        self._steps: dict[str, deque[Step]] = defaultdict(deque)
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        for service in (
            *quota.DESCRIPTOR.services_by_name.values(),
            *admin.DESCRIPTOR.services_by_name.values(),
        ):
            handlers = {method.name: self._handler(method) for method in service.methods}
            generic = grpc.method_handlers_generic_handler(service.full_name, handlers)
            self._server.add_generic_rpc_handlers((generic,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port(address)}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Break off every call and stop listening. Safe to repeat."""
        self._server.stop(grace=None).wait()

    def script(self, method: str, *steps: Step) -> None:
        """Let the next calls of a method meet these steps."""
        self._steps[method].extend(steps)

    def sent(self, method: str) -> list[Any]:
        """Give the requests that arrived for a method."""
        return [call.request for call in self.calls if call.method == method]

    def _handler(self, method: Any) -> Any:
        def serve(request: Any, context: grpc.ServicerContext) -> Message:
            metadata = {key: str(value) for key, value in context.invocation_metadata()}
            self.calls.append(Call(method.name, request, metadata, context.time_remaining()))
            steps = self._steps[method.name]
            step = steps.popleft() if steps else DEFAULTS[method.name]
            if isinstance(step, Failure):
                step.abort(context)
            return step(request, context) if callable(step) else step

        return grpc.unary_unary_rpc_method_handler(
            serve,
            request_deserializer=method.input_type._concrete_class.FromString,
            response_serializer=method.output_type._concrete_class.SerializeToString,
        )


def allowed(request: quota.CheckQuotaRequest, _: object = None) -> quota.CheckQuotaResponse:
    answer = quota.CheckQuotaResponse(decision=pb.Decision(allowed=True, message="yes"))
    if request.HasField("hold"):
        answer.hold_id = request.hold.id
        answer.hold_expire_time.FromDatetime(EXPIRE_TIME)
    return answer


def refused(
    reason: pb.RefusalReason.ValueType, retry_after: timedelta | None = None
) -> quota.CheckQuotaResponse:
    status = pb.LimitStatus(
        scope=pb.SCOPE_ACCOUNT_PERIOD,
        source=pb.Target(kind=pb.TARGET_KIND_GROUP_DEFAULT, id="research"),
        unit="usd_micros",
        period=pb.PERIOD_MONTH,
        limit=100,
        spent=60,
        held=40,
        remaining=0,
        refusal_reason=reason,
    )
    status.reset_time.FromDatetime(datetime(2026, 4, 1, tzinfo=UTC))
    decision = pb.Decision(reason=reason, limits=[status], refused_by=[status], message="The month is full.")
    if retry_after is not None:
        decision.retry_after.FromTimedelta(retry_after)
    return quota.CheckQuotaResponse(decision=decision)


def committed(request: quota.CommitRequest, _: object = None) -> quota.CommitResponse:
    charge = pb.Charge(
        id=request.charge_id or request.hold_id,
        hold_id=request.hold_id,
        amounts=request.amounts,
        net_amounts=request.amounts,
        settlement=request.settlement,
    )
    return quota.CommitResponse(charge=charge)


def extended(request: quota.ExtendRequest, _: object = None) -> quota.ExtendResponse:
    answer = quota.ExtendResponse(decision=pb.Decision(allowed=True), hold=pb.Hold(id=request.hold_id))
    answer.hold.expire_time.FromDatetime(EXPIRE_TIME + request.ttl.ToTimedelta())
    return answer


def each_checked(request: quota.BatchCheckQuotaRequest, _: object = None) -> quota.BatchCheckQuotaResponse:
    results = [quota.CheckQuotaResult(response=allowed(item)) for item in request.requests]
    return quota.BatchCheckQuotaResponse(results=results)


def each_committed(request: quota.BatchCommitRequest, _: object = None) -> quota.BatchCommitResponse:
    results = [quota.CommitResult(response=committed(item)) for item in request.requests]
    return quota.BatchCommitResponse(results=results)


DEFAULTS: dict[str, Step] = {
    "CheckQuota": allowed,
    "Commit": committed,
    "BatchCheckQuota": each_checked,
    "BatchCommit": each_committed,
    "Extend": extended,
    "Release": quota.ReleaseResponse(hold=pb.Hold(state=pb.HOLD_STATE_RELEASED)),
    "GetStatus": quota.GetStatusResponse(),
}


class Gate:
    """A step of the server that says when it is reached and waits to be let on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def commit(self, request: quota.CommitRequest, _: object) -> quota.CommitResponse:
        self.reached.set()
        self.open.wait(10)
        return committed(request)

    def commits(self, request: quota.BatchCommitRequest, _: object) -> quota.BatchCommitResponse:
        self.reached.set()
        self.open.wait(10)
        return each_committed(request)

    def check(
        self, request: quota.CheckQuotaRequest, context: grpc.ServicerContext
    ) -> quota.CheckQuotaResponse:
        context.add_callback(self.open.set)
        self.reached.set()
        self.open.wait(10)
        return allowed(request)

    def checks(
        self, request: quota.BatchCheckQuotaRequest, context: grpc.ServicerContext
    ) -> quota.BatchCheckQuotaResponse:
        context.add_callback(self.open.set)
        self.reached.set()
        self.open.wait(10)
        return each_checked(request)
