"""List the ledger and the holds, newest first (docs/semantics.md, Ledger)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from almoner_server.core.records import Adjustment, Charge, Hold
from almoner_server.core.terms import HoldState, Settlement
from almoner_server.store.connect import Database
from almoner_server.store.namespace_lock import require_namespace
from almoner_server.store.paging import Page, Paging
from almoner_server.store.queries import query
from almoner_server.store.rows import adjustment_of, charge_of, hold_of
from almoner_server.store.sessions import CUSTOM_PLANS

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
NEWEST = (END_OF_TIME, UUID(int=2**128 - 1))


class Ledger:
    """Lists. Every method raises StoreUnavailable, lists also NAMESPACE_NOT_FOUND and MALFORMED_PAGE_TOKEN.

    A filter that is None or empty lets everything through. A chat lets through its descendants too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def charges(
        self,
        namespace: str,
        *,
        user: str = "",
        chat: str = "",
        hold_id: UUID | None = None,
        open_only: bool = False,
        settlement: Settlement | None = None,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        page_size: int = 100,
        page_token: str = "",
    ) -> Page[Charge]:
        """List charges by when they were booked, from `start_time` inclusive to `end_time` exclusive."""
        filters = (namespace, user, chat, hold_id, open_only, settlement, start_time, end_time)
        paging = Paging("charges", filters, page_size, page_token, first=NEWEST)
        async with self._database.snapshot(CUSTOM_PLANS) as connection:
            await require_namespace(connection, namespace)
            rows = await connection.fetch(query("list_charges"), *filters, *paging.after, paging.fetch)
        return paging.page([charge_of(row) for row in rows], lambda charge: (charge.create_time, charge.id))

    async def holds(
        self,
        namespace: str,
        *,
        user: str = "",
        chat: str = "",
        state: HoldState | None = None,
        page_size: int = 100,
        page_token: str = "",
    ) -> Page[Hold]:
        """List holds by when they were admitted."""
        filters = (namespace, user, chat, state)
        paging = Paging("holds", filters, page_size, page_token, first=NEWEST)
        async with self._database.snapshot(CUSTOM_PLANS) as connection:
            await require_namespace(connection, namespace)
            if state is HoldState.OPEN and not user and not chat:
                rows = await connection.fetch(
                    query("list_open_holds"), namespace, *paging.after, paging.fetch
                )
            else:
                rows = await connection.fetch(query("list_holds"), *filters, *paging.after, paging.fetch)
        return paging.page([hold_of(row) for row in rows], lambda hold: (hold.admit_time, hold.id))

    async def adjustments(
        self, namespace: str, charge_ids: Sequence[UUID]
    ) -> dict[UUID, tuple[Adjustment, ...]]:
        """Return the adjustments of charges, oldest first. Charges without any are left out."""
        async with self._database.snapshot(CUSTOM_PLANS) as connection:
            rows = await connection.fetch(query("adjustments_of_charges"), namespace, charge_ids)
        found: dict[UUID, tuple[Adjustment, ...]] = {}
        for row in rows:
            found[row["charge_id"]] = (*found.get(row["charge_id"], ()), adjustment_of(row))
        return found
