"""List limits and the changes of limits."""

from almoner_server.core.records import Limit
from almoner_server.core.terms import Period, TargetKind
from almoner_server.store.connect import Database
from almoner_server.store.limit_records import LimitChange
from almoner_server.store.limit_rows import change_of
from almoner_server.store.namespace_lock import require_namespace
from almoner_server.store.paging import MAX_INT, Page, Paging
from almoner_server.store.queries import query
from almoner_server.store.rows import limit_of
from almoner_server.store.sessions import CUSTOM_PLANS


class LimitLists:
    """Lists limits and their changes.

    Every method raises RequestFailed NAMESPACE_NOT_FOUND or MALFORMED_PAGE_TOKEN, and StoreUnavailable. A
    filter that is None or empty lets everything through.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        namespace: str,
        *,
        kind: TargetKind | None = None,
        target_id: str = "",
        unit: str = "",
        page_size: int = 100,
        page_token: str = "",
    ) -> Page[Limit]:
        """List the limits in force by target, unit and period."""
        filters = (namespace, kind, target_id, unit)
        paging = Paging("limits", filters, page_size, page_token, first=(0, "", "", 0))
        async with self._database.snapshot(CUSTOM_PLANS) as connection:
            await require_namespace(connection, namespace)
            rows = await connection.fetch(query("list_limits"), *filters, *paging.after, paging.fetch)
        key = ("target_kind", "target_id", "unit", "period")
        page = paging.page(rows, lambda row: tuple(row[name] for name in key))
        return Page(tuple(limit_of(row) for row in page.items), page.next_page_token)

    async def changes(
        self,
        namespace: str,
        *,
        kind: TargetKind | None = None,
        target_id: str = "",
        unit: str = "",
        period: Period | None = None,
        page_size: int = 100,
        page_token: str = "",
    ) -> Page[LimitChange]:
        """List changes of limits, newest first."""
        filters = (namespace, kind, target_id, unit, period)
        paging = Paging("limit_changes", filters, page_size, page_token, first=(MAX_INT,))
        async with self._database.snapshot(CUSTOM_PLANS) as connection:
            await require_namespace(connection, namespace)
            rows = await connection.fetch(query("list_limit_changes"), *filters, *paging.after, paging.fetch)
        page = paging.page(rows, lambda row: (row["revision"],))
        return Page(tuple(change_of(row) for row in page.items), page.next_page_token)
