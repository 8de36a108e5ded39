"""Decisions and the limits they looked at: on the way of every check, so these are lean."""

from collections.abc import Mapping

from almoner.v1.quota_service_pb2 import CheckQuotaResponse
from almoner.v1.resources_pb2 import Decision as DecisionMessage
from almoner.v1.resources_pb2 import LimitStatus as LimitStatusMessage
from almoner.v1.resources_pb2 import Period as PeriodNumber
from almoner.v1.resources_pb2 import RefusalReason as RefusalReasonNumber
from almoner.v1.resources_pb2 import Scope as ScopeNumber
from almoner.v1.resources_pb2 import Target as TargetMessage
from almoner.v1.resources_pb2 import TargetKind as TargetKindNumber

from almoner_server.core.records import Target
from almoner_server.core.requests import CheckResult, Decision, LimitStatus
from almoner_server.rpc.convert.sentences import DEGRADED, sentence
from almoner_server.rpc.convert.times import duration, timestamp, window_bound


def check_response(result: CheckResult, wanted: Mapping[str, int]) -> CheckQuotaResponse:
    """Convert the answer to a check of `wanted`."""
    decision = decision_message(result.decision, wanted)
    if result.hold_id is None or result.hold_expire_time is None:
        return CheckQuotaResponse(decision=decision)
    expire_time = timestamp(result.hold_expire_time)
    return CheckQuotaResponse(decision=decision, hold_id=str(result.hold_id), hold_expire_time=expire_time)


def degraded_response() -> CheckQuotaResponse:
    """Make the answer to a check that could not be asked of the store."""
    return CheckQuotaResponse(decision=DecisionMessage(allowed=True, message=DEGRADED), degraded=True)


def decision_message(decision: Decision, wanted: Mapping[str, int]) -> DecisionMessage:
    """Convert a decision about `wanted`."""
    limits = [limit_status(limit) for limit in decision.limits]
    message = sentence(decision, wanted)
    if decision.reason is None:
        return DecisionMessage(allowed=True, limits=limits, message=message)
    return DecisionMessage(
        reason=RefusalReasonNumber.ValueType(decision.reason),
        limits=limits,
        refused_by=[limit for limit in limits if limit.refusal_reason],
        retry_after=None if decision.retry_after is None else duration(decision.retry_after),
        message=message,
    )


def limit_status(status: LimitStatus) -> LimitStatusMessage:
    """Convert a limit as evaluated."""
    message = LimitStatusMessage(
        scope=ScopeNumber.ValueType(status.scope),
        source=target(status.source),
        unit=status.unit,
        period=PeriodNumber.ValueType(status.period),
        spent=status.spent,
        held=status.held,
        remaining=status.remaining,
        window_start_time=None if status.window_start is None else window_bound(status.window_start),
        reset_time=None if status.reset_time is None else window_bound(status.reset_time),
        refusal_reason=RefusalReasonNumber.ValueType(status.refusal or 0),
    )
    if status.limit is None:
        message.unlimited = True
    else:
        message.limit = status.limit
    return message


def target(source: Target) -> TargetMessage:
    """Convert what a limit is set on."""
    return TargetMessage(kind=TargetKindNumber.ValueType(source.kind), id=source.id)
