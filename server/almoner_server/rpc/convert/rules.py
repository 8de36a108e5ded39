"""Limits, their changes, and namespaces."""

from almoner.v1.resources_pb2 import GroupRule, Period
from almoner.v1.resources_pb2 import Limit as LimitMessage
from almoner.v1.resources_pb2 import LimitChange as LimitChangeMessage
from almoner.v1.resources_pb2 import Namespace as NamespaceMessage

from almoner_server.core.records import Limit
from almoner_server.rpc.convert.decisions import target
from almoner_server.rpc.convert.times import timestamp
from almoner_server.store import LimitChange, NamespaceSettings


def limit_message(limit: Limit) -> LimitMessage:
    """Convert a limit."""
    message = LimitMessage(
        target=target(limit.key.target),
        unit=limit.key.unit,
        period=Period.ValueType(limit.key.period),
        expire_time=None if limit.expire_time is None else timestamp(limit.expire_time),
        etag=limit.etag,
        update_time=None if limit.update_time is None else timestamp(limit.update_time),
        updated_by=limit.updated_by,
    )
    if limit.amount is None:
        message.unlimited = True
    else:
        message.amount = limit.amount
    return message


def limit_change_message(change: LimitChange) -> LimitChangeMessage:
    """Convert a change of a limit."""
    message = LimitChangeMessage(
        id=str(change.id),
        target=target(change.key.target),
        unit=change.key.unit,
        period=Period.ValueType(change.key.period),
        to=None if change.after is None else limit_message(change.after),
        change_time=timestamp(change.change_time),
        actor=change.actor,
        reason=change.reason,
    )
    if change.before is not None:
        getattr(message, "from").CopyFrom(limit_message(change.before))  # a keyword in Python
    return message


def namespace_message(settings: NamespaceSettings) -> NamespaceMessage:
    """Convert a namespace."""
    return NamespaceMessage(
        name=settings.name,
        units=settings.units,
        group_rule=GroupRule.ValueType(settings.group_rule),
        enabled=settings.enabled,
        etag=settings.etag,
        create_time=None if settings.create_time is None else timestamp(settings.create_time),
    )
