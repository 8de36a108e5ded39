# Generated from almoner/_async/admin_ledger.py by tools/generate_blocking.py. Do not edit.
"""What was booked and what is set aside."""

from collections.abc import Iterator
from datetime import datetime

from almoner._sync.admin_base import AdminBase
from almoner.types.enums import HoldState, Settlement
from almoner.types.ledger import Charge, HoldInfo
from almoner.wire import admin_requests as requests
from almoner.wire import methods, resources


class LedgerAdmin(AdminBase):
    """Lists charges and holds."""

    def list_charges(
        self,
        *,
        user: str = "",
        chat: str = "",
        hold_id: str = "",
        open_only: bool = False,
        settlement: Settlement | None = None,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        page_size: int = 100,
    ) -> Iterator[Charge]:
        """List the ledger, newest first.

        Args:
            user: Only of this user. Empty: all.
            chat: Only in this chat or a descendant of it. Empty: all.
            hold_id: Only on this hold. Empty: all.
            open_only: Only those whose real cost is still to come.
            settlement: Only those whose cost was known this well. None: all.
            start_time: Only those booked at this time or later.
            end_time: Only those booked strictly before this time.
            page_size: How many to fetch at a time.

        Raises:
            CallError: A call failed.
        """
        request = requests.list_charges_request(
            self._namespace,
            user=user,
            chat=chat,
            hold_id=hold_id,
            open_only=open_only,
            settlement=settlement,
            start_time=start_time,
            end_time=end_time,
            page_size=page_size,
        )
        for page in self._pages(methods.LIST_CHARGES, request):
            for message in page.charges:
                yield resources.charge(message)

    def list_holds(
        self, *, user: str = "", chat: str = "", state: HoldState | None = None, page_size: int = 100
    ) -> Iterator[HoldInfo]:
        """List holds, newest first. Settled ones are kept for at least 7 days. Filters as in `list_charges`.

        Raises:
            CallError: A call failed.
        """
        request = requests.list_holds_request(
            self._namespace, user=user, chat=chat, state=state, page_size=page_size
        )
        for page in self._pages(methods.LIST_HOLDS, request):
            for message in page.holds:
                yield resources.hold_info(message)
