"""Arguments to request messages of the AdminService."""

from collections.abc import Iterable
from datetime import datetime

from almoner.amounts import unit_name
from almoner.types.enums import GroupRule, HoldState, Period, Settlement
from almoner.types.parties import Target
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb
from almoner.wire.arguments import several
from almoner.wire.scalars import enum_number, to_timestamp


def target(value: Target | None) -> pb.Target | None:
    """Name what a limit is set on; None as a filter: all."""
    return None if value is None else pb.Target(kind=enum_number(value.kind), id=value.id)


def set_limit_request(
    namespace: str,
    on: Target,
    unit: str,
    period: Period,
    *,
    expire_time: datetime | None,
    etag: str,
    actor: str,
    reason: str,
) -> admin.SetLimitRequest:
    """Set a limit; the caller adds the value."""
    return admin.SetLimitRequest(
        namespace=namespace,
        target=target(on),
        unit=unit,
        period=enum_number(period),
        expire_time=to_timestamp(expire_time, "expire_time") if expire_time else None,
        etag=etag,
        actor=actor,
        reason=reason,
    )


def create_namespace_request(
    name: str, *, units: Iterable[str], group_rule: GroupRule, enabled: bool
) -> admin.CreateNamespaceRequest:
    """Make a namespace."""
    message = pb.Namespace(
        name=name, units=_units(units), group_rule=enum_number(group_rule), enabled=enabled
    )
    return admin.CreateNamespaceRequest(namespace=message)


def update_namespace_request(
    name: str,
    *,
    units: Iterable[str] | None,
    group_rule: GroupRule | None,
    enabled: bool | None,
    etag: str,
) -> admin.UpdateNamespaceRequest:
    """Change those settings that are not None."""
    changes = {"units": units, "group_rule": group_rule, "enabled": enabled}
    request = admin.UpdateNamespaceRequest(
        namespace=pb.Namespace(
            name=name,
            units=() if units is None else _units(units),
            group_rule=enum_number(group_rule),
            enabled=enabled,
            etag=etag,
        )
    )
    request.update_mask.paths.extend(field for field, value in changes.items() if value is not None)
    return request


def _units(units: Iterable[str]) -> list[str]:
    return [unit_name(unit) for unit in several("namespace.units", units)]


def list_charges_request(
    namespace: str,
    *,
    user: str,
    chat: str,
    hold_id: str,
    open_only: bool,
    settlement: Settlement | None,
    start_time: datetime | None,
    end_time: datetime | None,
    page_size: int,
) -> admin.ListChargesRequest:
    """Filter the ledger."""
    return admin.ListChargesRequest(
        namespace=namespace,
        user=user,
        chat_id=chat,
        hold_id=hold_id,
        open_only=open_only,
        settlement=enum_number(settlement),
        start_time=to_timestamp(start_time, "start_time") if start_time else None,
        end_time=to_timestamp(end_time, "end_time") if end_time else None,
        page_size=page_size,
    )


def list_holds_request(
    namespace: str, *, user: str, chat: str, state: HoldState | None, page_size: int
) -> admin.ListHoldsRequest:
    """Filter the holds."""
    return admin.ListHoldsRequest(
        namespace=namespace, user=user, chat_id=chat, state=enum_number(state), page_size=page_size
    )
