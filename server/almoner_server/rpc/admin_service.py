"""AdminService: who may spend how much, and what was booked."""

from almoner.v1.admin_service_pb2 import (
    CreateNamespaceRequest,
    CreateNamespaceResponse,
    DeleteLimitRequest,
    DeleteLimitResponse,
    GetUserGroupsRequest,
    GetUserGroupsResponse,
    ListChargesRequest,
    ListChargesResponse,
    ListHoldsRequest,
    ListHoldsResponse,
    ListLimitChangesRequest,
    ListLimitChangesResponse,
    ListLimitsRequest,
    ListLimitsResponse,
    ListNamespacesRequest,
    ListNamespacesResponse,
    SetLimitRequest,
    SetLimitResponse,
    SetUserGroupsRequest,
    SetUserGroupsResponse,
    UpdateNamespaceRequest,
    UpdateNamespaceResponse,
)

from almoner_server.rpc.backend import Backend
from almoner_server.rpc.calls import Call
from almoner_server.rpc.convert.ledger import charge_message, hold_message
from almoner_server.rpc.convert.rules import limit_change_message, limit_message, namespace_message
from almoner_server.rpc.validate import limits, lists, namespaces, parties
from almoner_server.rpc.validate.amounts import limit_unit
from almoner_server.rpc.validate.fields import identifier
from almoner_server.store import RaiseLimit


class AdminService:
    """Answers administrators."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def set_limit(self, request: SetLimitRequest, call: Call) -> SetLimitResponse:
        """Set a limit, or raise it."""
        change = limits.set_limit(request)
        call.namespace = change.namespace
        if isinstance(change, RaiseLimit):
            raised = await self._backend.store.limits.increase(change)
            return SetLimitResponse(limit=limit_message(raised.limit), replayed=raised.replayed)
        return SetLimitResponse(limit=limit_message(await self._backend.store.limits.set(change)))

    async def delete_limit(self, request: DeleteLimitRequest, call: Call) -> DeleteLimitResponse:
        """Remove a limit."""
        change = limits.delete_limit(request)
        call.namespace = change.namespace
        await self._backend.store.limits.delete(change)
        return DeleteLimitResponse()

    async def list_limits(self, request: ListLimitsRequest, call: Call) -> ListLimitsResponse:
        """List limits by target, unit and period."""
        call.namespace = identifier("namespace", request.namespace)
        kind, target_id = limits.target_filter(request.target)
        page = await self._backend.store.limits.list(
            call.namespace,
            kind=kind,
            target_id=target_id,
            unit=limit_unit(request.unit) if request.unit else "",
            page_size=lists.page_size(request.page_size),
            page_token=request.page_token,
        )
        return ListLimitsResponse(
            limits=[limit_message(limit) for limit in page.items], next_page_token=page.next_page_token
        )

    async def list_limit_changes(
        self, request: ListLimitChangesRequest, call: Call
    ) -> ListLimitChangesResponse:
        """List changes of limits, newest first."""
        call.namespace = identifier("namespace", request.namespace)
        kind, target_id = limits.target_filter(request.target)
        page = await self._backend.store.limits.changes(
            call.namespace,
            kind=kind,
            target_id=target_id,
            unit=limit_unit(request.unit) if request.unit else "",
            period=limits.period_filter("period", request.period),
            page_size=lists.page_size(request.page_size),
            page_token=request.page_token,
        )
        return ListLimitChangesResponse(
            limit_changes=[limit_change_message(change) for change in page.items],
            next_page_token=page.next_page_token,
        )

    async def set_user_groups(self, request: SetUserGroupsRequest, call: Call) -> SetUserGroupsResponse:
        """Put a user in groups, and in no others."""
        call.namespace = identifier("namespace", request.namespace)
        user = identifier("user", request.user)
        groups = parties.groups("groups", request.groups)
        return SetUserGroupsResponse(
            groups=await self._backend.store.groups.set(call.namespace, user, groups)
        )

    async def get_user_groups(self, request: GetUserGroupsRequest, call: Call) -> GetUserGroupsResponse:
        """Show the groups of a user."""
        call.namespace = identifier("namespace", request.namespace)
        user = identifier("user", request.user)
        return GetUserGroupsResponse(groups=await self._backend.store.groups.get(call.namespace, user))

    async def create_namespace(self, request: CreateNamespaceRequest, call: Call) -> CreateNamespaceResponse:
        """Create a namespace."""
        wanted = namespaces.create_namespace(request)
        call.namespace = wanted.name
        created = await self._backend.store.namespaces.create(wanted)
        return CreateNamespaceResponse(namespace=namespace_message(created))

    async def update_namespace(self, request: UpdateNamespaceRequest, call: Call) -> UpdateNamespaceResponse:
        """Change the settings of a namespace."""
        change = namespaces.update_namespace(request)
        call.namespace = change.name
        updated = await self._backend.store.namespaces.update(
            change.name,
            units=change.units,
            group_rule=change.group_rule,
            enabled=change.enabled,
            etag=change.etag,
        )
        return UpdateNamespaceResponse(namespace=namespace_message(updated))

    async def list_namespaces(self, request: ListNamespacesRequest, call: Call) -> ListNamespacesResponse:
        """List namespaces by name."""
        del call
        page = await self._backend.store.namespaces.list(
            page_size=lists.page_size(request.page_size), page_token=request.page_token
        )
        return ListNamespacesResponse(
            namespaces=[namespace_message(settings) for settings in page.items],
            next_page_token=page.next_page_token,
        )

    async def list_charges(self, request: ListChargesRequest, call: Call) -> ListChargesResponse:
        """List the ledger, newest first, each charge with its corrections."""
        call.namespace = identifier("namespace", request.namespace)
        wanted = lists.charges(request)
        page_size = lists.page_size(request.page_size)
        ledger = self._backend.store.ledger
        page = await ledger.charges(
            call.namespace, **wanted, page_size=page_size, page_token=request.page_token
        )
        corrections = await ledger.adjustments(call.namespace, [charge.id for charge in page.items])
        return ListChargesResponse(
            charges=[charge_message(charge, corrections.get(charge.id, ())) for charge in page.items],
            next_page_token=page.next_page_token,
        )

    async def list_holds(self, request: ListHoldsRequest, call: Call) -> ListHoldsResponse:
        """List holds, newest first."""
        call.namespace = identifier("namespace", request.namespace)
        wanted = lists.holds(request)
        page = await self._backend.store.ledger.holds(
            call.namespace,
            **wanted,
            page_size=lists.page_size(request.page_size),
            page_token=request.page_token,
        )
        return ListHoldsResponse(
            holds=[hold_message(hold) for hold in page.items], next_page_token=page.next_page_token
        )
