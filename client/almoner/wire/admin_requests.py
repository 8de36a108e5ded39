"""Arguments to request messages of the AdminService, but for those about limits.

What cannot be sent raises InvalidArgument, which names the field.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from almoner.amounts import unit_name
from almoner.types.enums import GroupRule, HoldState, Settlement
from almoner.v1 import admin_service_pb2 as admin
from almoner.v1 import resources_pb2 as pb
from almoner.wire.arguments import build, several
from almoner.wire.scalars import enum_number, to_timestamp


def set_user_groups_request(namespace: str, user: str, groups: Iterable[str]) -> admin.SetUserGroupsRequest:
    """Store the groups of a user."""
    fields = {"namespace": namespace, "user": user, "groups": several("groups", groups)}
    return build(admin.SetUserGroupsRequest, fields)


def get_user_groups_request(namespace: str, user: str) -> admin.GetUserGroupsRequest:
    """Ask for the groups of a user."""
    return build(admin.GetUserGroupsRequest, {"namespace": namespace, "user": user})


def create_namespace_request(
    name: str, *, units: Iterable[str], group_rule: GroupRule, enabled: bool
) -> admin.CreateNamespaceRequest:
    """Make a namespace."""
    fields = {"name": name, "units": _units(units), "group_rule": _rule(group_rule), "enabled": enabled}
    return admin.CreateNamespaceRequest(namespace=build(pb.Namespace, fields, "namespace."))


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
    fields = {
        "name": name,
        "units": () if units is None else _units(units),
        "group_rule": _rule(group_rule),
        "enabled": enabled,
        "etag": etag,
    }
    request = admin.UpdateNamespaceRequest(namespace=build(pb.Namespace, fields, "namespace."))
    request.update_mask.paths.extend(field for field, value in changes.items() if value is not None)
    return request


def _units(units: Iterable[str]) -> list[str]:
    return [unit_name(unit) for unit in several("namespace.units", units)]


def _rule(group_rule: GroupRule | None) -> Any:
    return enum_number(GroupRule, group_rule, "namespace.group_rule")


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
    fields = {
        "namespace": namespace,
        "user": user,
        "chat_id": chat,
        "hold_id": hold_id,
        "open_only": open_only,
        "settlement": enum_number(Settlement, settlement, "settlement"),
        "start_time": to_timestamp(start_time, "start_time") if start_time else None,
        "end_time": to_timestamp(end_time, "end_time") if end_time else None,
        "page_size": page_size,
    }
    return build(admin.ListChargesRequest, fields)


def list_holds_request(
    namespace: str, *, user: str, chat: str, state: HoldState | None, page_size: int
) -> admin.ListHoldsRequest:
    """Filter the holds."""
    fields = {
        "namespace": namespace,
        "user": user,
        "chat_id": chat,
        "state": enum_number(HoldState, state, "state"),
        "page_size": page_size,
    }
    return build(admin.ListHoldsRequest, fields)


def list_namespaces_request(page_size: int) -> admin.ListNamespacesRequest:
    """Ask for all namespaces."""
    return build(admin.ListNamespacesRequest, {"page_size": page_size})
