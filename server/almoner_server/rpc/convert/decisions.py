"""Decisions and the limits they looked at: on the way of every check, so these are lean.

They are written into messages that are part of others, since a message is copied where it is put into another.
"""

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
from almoner_server.rpc.convert.times import duration, set_timestamp, timestamp


def fill_check(message: CheckQuotaResponse, result: CheckResult, wanted: Mapping[str, int]) -> None:
    """Write the answer to a check of `wanted` into a message."""
    decision, hold_id, expire_time, _ = result
    fill_decision(message.decision, decision, wanted)
    if hold_id is not None and expire_time is not None:
        message.hold_id = str(hold_id)
        set_timestamp(message.hold_expire_time, expire_time)


def fill_degraded(message: CheckQuotaResponse) -> None:
    """Write the answer to a check that could not be asked of the store into a message."""
    message.degraded = True
    message.decision.allowed = True
    message.decision.message = DEGRADED


def fill_decision(message: DecisionMessage, decision: Decision, wanted: Mapping[str, int]) -> None:
    """Write a decision about `wanted` into a message."""
    limits, reason, retry_after = decision
    message.message = sentence(decision, wanted)
    for limit in limits:
        _fill(message.limits.add(), limit)
    if reason is None:
        message.allowed = True
        return
    message.reason = RefusalReasonNumber.ValueType(reason)
    message.refused_by.extend(limit for limit in message.limits if limit.refusal_reason)
    if retry_after is not None:
        message.retry_after.CopyFrom(duration(retry_after))


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
    scope, source, unit, period, limit, spent, held, start, end, refusal = status
    message.MergeFrom(_unused(scope, source, unit, period, start, end))
    message.spent = spent
    message.held = held
    if limit is None:
        message.unlimited = True
    else:
        message.limit = limit
        message.remaining = max(0, limit - spent - held)
    if refusal is not None:
        message.refusal_reason = RefusalReasonNumber.ValueType(refusal)


@lru_cache(maxsize=4096)
def _unused(
    scope: Scope,
    source: Target,
    unit: str,
    period: Period,
    start: datetime | None,
    end: datetime | None,
) -> LimitStatusMessage:
    """Make a status without its numbers. It is not to be changed."""
    return LimitStatusMessage(
        scope=ScopeNumber.ValueType(scope),
        source=target(source),
        unit=unit,
        period=PeriodNumber.ValueType(period),
        window_start_time=None if start is None else timestamp(start),
        reset_time=None if end is None else timestamp(end),
    )
