"""QuotaService: what backends call on the way of every model call."""

from datetime import timedelta

from almoner.v1.quota_service_pb2 import (
    AdjustRequest,
    AdjustResponse,
    BatchCheckQuotaRequest,
    BatchCheckQuotaResponse,
    BatchCommitRequest,
    BatchCommitResponse,
    CheckQuotaRequest,
    CheckQuotaResponse,
    CommitRequest,
    CommitResponse,
    ExtendRequest,
    ExtendResponse,
    GetStatusRequest,
    GetStatusResponse,
    ReleaseRequest,
    ReleaseResponse,
)

from almoner_server.core.requests import AdjustResult, CommitResult, HoldResult
from almoner_server.core.status import report
from almoner_server.observe.report import DEGRADED
from almoner_server.rpc import batches
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.calls import Call
from almoner_server.rpc.convert import ledger
from almoner_server.rpc.convert.decisions import fill_check, fill_degraded
from almoner_server.rpc.convert.status import status_response
from almoner_server.rpc.validate import spending, times
from almoner_server.store import StoreUnavailable

ANSWER_SECONDS = 0.1
"""What a wait leaves of the caller's deadline, for the answer to arrive in."""


class QuotaService:
    """Answers backends. With `allow_degraded`, checks are allowed unseen while the store is out of reach."""

    def __init__(self, backend: Backend, *, allow_degraded: bool = False) -> None:
        self._backend = backend
        self._allow_degraded = allow_degraded

    async def check_quota(self, request: CheckQuotaRequest, call: Call) -> CheckQuotaResponse:
        """Decide, and hold if asked to; wait for room if asked to."""
        check = spending.check(request)
        call.namespace = check.namespace
        wait = _wait(request, call) if request.HasField("wait") else times.NO_WAIT
        response = CheckQuotaResponse()
        try:
            result = await self._backend.engine.check(check, wait, context=call.context)
        except StoreUnavailable:
            if not self._allow_degraded:
                raise
            self._backend.require_known_units(check)
            call.decisions = (DEGRADED,)
            fill_degraded(response)
            return response
        call.decisions = (result.decision,)
        fill_check(response, result, check.amounts)
        return response

    async def commit(self, request: CommitRequest, call: Call) -> CommitResponse:
        """Book what was spent."""
        commit = spending.commit(request)
        call.namespace = commit.namespace
        result = await self._backend.engine.submit(commit, context=call.context)
        assert isinstance(result, CommitResult)
        response = CommitResponse()
        ledger.fill_commit(response, result)
        return response

    async def release(self, request: ReleaseRequest, call: Call) -> ReleaseResponse:
        """Give a hold back."""
        release = spending.release(request)
        call.namespace = release.namespace
        result = await self._backend.engine.submit(release, context=call.context)
        assert isinstance(result, HoldResult)
        return ledger.release_response(result)

    async def extend(self, request: ExtendRequest, call: Call) -> ExtendResponse:
        """Change a hold."""
        extend = spending.extend(request)
        call.namespace = extend.namespace
        result = await self._backend.engine.submit(extend, context=call.context)
        assert isinstance(result, HoldResult)
        assert result.decision is not None
        call.decisions = (result.decision,)
        return ledger.extend_response(result, extend.amounts)

    async def adjust(self, request: AdjustRequest, call: Call) -> AdjustResponse:
        """Correct a charge. A replay shows the corrections up to its own, as the first answer did."""
        adjust = spending.adjust(request)
        call.namespace = adjust.namespace
        result = await self._backend.engine.submit(adjust, context=call.context)
        assert isinstance(result, AdjustResult)
        found = await self._backend.store.ledger.adjustments(adjust.namespace, [adjust.charge_id])
        corrections = found[adjust.charge_id]
        own = next(place for place, one in enumerate(corrections) if one.id == adjust.adjustment_id)
        return ledger.adjust_response(result, corrections[: own + 1])

    async def get_status(self, request: GetStatusRequest, call: Call) -> GetStatusResponse:
        """Show what is left."""
        wanted = spending.status(request)
        call.namespace = wanted.namespace
        return status_response(report(await self._backend.store.read_status(wanted), wanted))

    async def batch_check_quota(self, request: BatchCheckQuotaRequest, call: Call) -> BatchCheckQuotaResponse:
        """Decide many checks; a bad one fails alone."""
        return await batches.check_quota(self._backend, request, call, allow_degraded=self._allow_degraded)

    async def batch_commit(self, request: BatchCommitRequest, call: Call) -> BatchCommitResponse:
        """Book many commits; a bad one fails alone."""
        return await batches.commit(self._backend, request, call)


def _wait(request: CheckQuotaRequest, call: Call) -> timedelta:
    """Return how long to wait for room: what was asked for, but no longer than the caller is there."""
    wait = times.wait(request.wait)
    left = call.seconds_left()
    if left is None:
        return wait
    return min(wait, timedelta(seconds=max(0.0, left - ANSWER_SECONDS)))
