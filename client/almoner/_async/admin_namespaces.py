"""Namespaces, and who is in which group."""

from collections.abc import AsyncIterator, Iterable

from almoner._async.admin_base import AdminBase
from almoner.types.enums import GroupRule
from almoner.types.namespace import Namespace
from almoner.wire import admin_requests as requests
from almoner.wire import methods, resources


class NamespaceAdmin(AdminBase):
    """Keeps namespaces and the groups of users."""

    async def set_user_groups(
        self, user: str, groups: Iterable[str], *, timeout: float | None = None
    ) -> tuple[str, ...]:
        """Store the groups of a user, at most 64, in the place of those stored before.

        Returns:
            The groups, sorted, without repeats.

        Raises:
            CallError: The call failed.
        """
        request = requests.set_user_groups_request(self._namespace, user, groups)
        answer = await self._transport.call(methods.SET_USER_GROUPS, request, timeout=timeout)
        return tuple(answer.groups)

    async def get_user_groups(self, user: str, *, timeout: float | None = None) -> tuple[str, ...]:
        """Show the stored groups of a user, sorted. A user never seen has none.

        Raises:
            CallError: The call failed.
        """
        request = requests.get_user_groups_request(self._namespace, user)
        answer = await self._transport.call(methods.GET_USER_GROUPS, request, timeout=timeout)
        return tuple(answer.groups)

    async def create_namespace(
        self,
        name: str,
        *,
        units: Iterable[str],
        group_rule: GroupRule = GroupRule.MIN,
        enabled: bool = True,
        timeout: float | None = None,
    ) -> Namespace:
        """Create a namespace. With the settings it has already, this changes nothing.

        Args:
            name: 1 to 256 bytes.
            units: What it counts: 1 to 32 names of lower-case letters, digits and `_`. `usd` stands for
                `usd_micros`, as everywhere.
            group_rule: Which default wins when several groups of a user have one.
            enabled: Whether limits are enforced.
            timeout: Seconds. None: the client's.

        Raises:
            InvalidArgument: A value that cannot be.
            AlreadyExists: It has other settings.
            CallError: The call failed.
        """
        request = requests.create_namespace_request(name, units=units, group_rule=group_rule, enabled=enabled)
        answer = await self._transport.call(methods.CREATE_NAMESPACE, request, timeout=timeout)
        return resources.namespace(answer.namespace)

    async def update_namespace(
        self,
        name: str,
        *,
        units: Iterable[str] | None = None,
        group_rule: GroupRule | None = None,
        enabled: bool | None = None,
        etag: str = "",
        timeout: float | None = None,
    ) -> Namespace:
        """Change those settings of a namespace that are not None. Units may be added, not removed.

        `units` are all that it shall count, as in `create_namespace`.

        Raises:
            InvalidArgument: A value that cannot be.
            NotFound: There is no such namespace.
            FailedPrecondition: A unit would be removed.
            Aborted: The namespace is no longer the one of the etag.
            CallError: The call failed.
        """
        request = requests.update_namespace_request(
            name, units=units, group_rule=group_rule, enabled=enabled, etag=etag
        )
        answer = await self._transport.call(
            methods.UPDATE_NAMESPACE, request, timeout=timeout, repeat=not etag
        )
        return resources.namespace(answer.namespace)

    async def list_namespaces(self, *, page_size: int = 100) -> AsyncIterator[Namespace]:
        """List namespaces by name.

        Raises:
            CallError: A call failed.
        """
        request = requests.list_namespaces_request(page_size)
        async for page in self._pages(methods.LIST_NAMESPACES, request):
            for message in page.namespaces:
                yield resources.namespace(message)
