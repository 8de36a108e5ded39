"""Decisions and the limits they looked at: on the way of every check, so these are lean."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

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
from almoner_server.core.terms import Period, Scope
from almoner_server.rpc.convert.sentences import DEGRADED, sentence
from almoner_server.rpc.convert.times import duration, timestamp


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
    message = DecisionMessage(message=sentence(decision, wanted))
    for limit in decision.limits:
        _fill(message.limits.add(), limit)
    if decision.reason is None:
        message.allowed = True
        return message
    message.reason = RefusalReasonNumber.ValueType(decision.reason)
    message.refused_by.extend(limit for limit in message.limits if limit.refusal_reason)
    if decision.retry_after is not None:
        message.retry_after.CopyFrom(duration(decision.retry_after))
    return message


def limit_status(status: LimitStatus) -> LimitStatusMessage:
    """Convert a limit as evaluated."""
    message = LimitStatusMessage()
    _fill(message, status)
    return message


def target(source: Target) -> TargetMessage:
    """Convert what a limit is set on."""
    return TargetMessage(kind=TargetKindNumber.ValueType(source.kind), id=source.id)


def _fill(message: LimitStatusMessage, status: LimitStatus) -> None:
    """Convert a limit into a message. Copying what seldom changes takes a third of the time of making it."""
    window = (status.window_start, status.reset_time)
    message.MergeFrom(_unused(status.scope, status.source, status.unit, status.period, window))
    spent, held, limit = status.spent, status.held, status.limit
    message.spent = spent
    message.held = held
    if limit is None:
        message.unlimited = True
    else:
        message.limit = limit
        message.remaining = max(0, limit - spent - held)
    if status.refusal is not None:
        message.refusal_reason = RefusalReasonNumber.ValueType(status.refusal)


@lru_cache(maxsize=4096)
def _unused(
    scope: Scope,
    source: Target,
    unit: str,
    period: Period,
    window: tuple[datetime | None, datetime | None],
) -> LimitStatusMessage:
    """Make a status without its numbers. It is not to be changed."""
    start, end = window
    return LimitStatusMessage(
        scope=ScopeNumber.ValueType(scope),
        source=target(source),
        unit=unit,
        period=PeriodNumber.ValueType(period),
        window_start_time=None if start is None else timestamp(start),
        reset_time=None if end is None else timestamp(end),
    )
