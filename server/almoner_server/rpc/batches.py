"""Many requests in one call: each is answered, or fails, as if it had come alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from almoner.v1.quota_service_pb2 import (
    BatchCheckQuotaRequest,
    BatchCheckQuotaResponse,
    BatchCommitRequest,
    BatchCommitResponse,
    CheckQuotaRequest,
)

from almoner_server.core.errors import RequestFailed
from almoner_server.core.requests import Check, CheckResult, Commit, CommitResult, Decision
from almoner_server.engine import Outcome
from almoner_server.observe.report import DEGRADED
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.calls import Call
from almoner_server.rpc.convert.decisions import fill_check, fill_degraded
from almoner_server.rpc.convert.ledger import fill_commit
from almoner_server.rpc.failures import failure_of
from almoner_server.rpc.validate import spending, times
from almoner_server.rpc.validate.fields import not_allowed, required
from almoner_server.rpc.validate.parties import too_many
from almoner_server.store import StoreUnavailable

MAX_ITEMS = 1000
_CHECK = "almoner.v1.QuotaService/BatchCheckQuota"
_COMMIT = "almoner.v1.QuotaService/BatchCommit"
_Item = TypeVar("_Item")
_Request = TypeVar("_Request", Check, Commit)


async def check_quota(
    backend: Backend, batch: BatchCheckQuotaRequest, call: Call, *, allow_degraded: bool
) -> BatchCheckQuotaResponse:
    """Decide checks; those of one user in their order. With `allow_degraded` as a single one would be."""
    requests = _read(batch.requests, _check)
    outcomes = await _submit(backend, requests, call)
    decisions: list[Decision | None] = []
    answer = BatchCheckQuotaResponse()
    for request, outcome in zip(requests, outcomes, strict=True):
        result = answer.results.add()
        if isinstance(outcome, CheckResult) and isinstance(request, Check):
            decisions.append(outcome.decision)
            fill_check(result.response, outcome, request.amounts)
            continue
        assert isinstance(outcome, Exception)
        failure = _failure(backend, request, outcome) if allow_degraded else outcome
        if failure is None:
            decisions.append(DEGRADED)
            fill_degraded(result.response)
        else:
            result.error.CopyFrom(failure_of(failure, _CHECK).item_error)
    call.decisions = decisions
    return answer


async def commit(backend: Backend, batch: BatchCommitRequest, call: Call) -> BatchCommitResponse:
    """Book commits."""
    outcomes = await _submit(backend, _read(batch.requests, spending.commit), call)
    answer = BatchCommitResponse()
    for outcome in outcomes:
        result = answer.results.add()
        if isinstance(outcome, CommitResult):
            fill_commit(result.response, outcome)
        else:
            assert isinstance(outcome, Exception)
            result.error.CopyFrom(failure_of(outcome, _COMMIT).item_error)
    return answer


def _failure(backend: Backend, request: Check | RequestFailed, outcome: Exception) -> Exception | None:
    """Return what a check fails with although it may be allowed unseen; None if it is allowed."""
    if not isinstance(outcome, StoreUnavailable) or not isinstance(request, Check):
        return outcome
    try:
        backend.require_known_units(request)
    except RequestFailed as error:
        return error
    return None


def _check(item: CheckQuotaRequest) -> Check:
    if item.HasField("wait") and times.wait(item.wait) > times.NO_WAIT:
        raise not_allowed("wait", "only in a call of its own, not in a batch")
    return spending.check(item)


def _read(items: Sequence[_Item], read: Callable[[_Item], _Request]) -> list[_Request | RequestFailed]:
    """Read each item, or say what is wrong with it. Raises RequestFailed for none or over 1,000 of them."""
    if not items:
        raise required("requests")
    if len(items) > MAX_ITEMS:
        raise too_many("requests", len(items), MAX_ITEMS, "requests")
    requests: list[_Request | RequestFailed] = []
    for item in items:
        try:
            requests.append(read(item))
        except RequestFailed as error:
            requests.append(error)
    return requests


async def _submit(
    backend: Backend, requests: Sequence[_Request | RequestFailed], call: Call
) -> list[Outcome]:
    """Have the good ones carried out; return the outcome of each, in order."""
    good = [request for request in requests if not isinstance(request, RequestFailed)]
    namespaces = {request.namespace for request in good}
    call.namespace = namespaces.pop() if len(namespaces) == 1 else ""
    carried_out = iter(await _carried_out(backend, good, call))
    return [request if isinstance(request, RequestFailed) else next(carried_out) for request in requests]


async def _carried_out(backend: Backend, requests: Sequence[_Request], call: Call) -> Sequence[Outcome]:
    try:
        engine = backend.engine
    except StoreUnavailable as error:
        return [error] * len(requests)
    return await engine.submit_many(requests, context=call.context)
