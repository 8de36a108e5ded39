# Generated from almoner/_async/admin_limits.py by tools/generate_blocking.py. Do not edit.
"""Who may spend how much."""

from collections.abc import Iterator
from datetime import datetime

from almoner._sync.admin_base import AdminBase
from almoner.amounts import Amount, limit_amount, unit_name
from almoner.ids import new_id
from almoner.types.enums import Period
from almoner.types.limits import Limit, LimitChange, Raised
from almoner.types.parties import Target
from almoner.v1 import admin_service_pb2 as admin
from almoner.wire import limit_requests as requests
from almoner.wire import methods, resources


class LimitAdmin(AdminBase):
    """Sets, removes and lists limits."""

    def set_limit(
        self,
        target: Target,
        *,
        unit: str,
        period: Period,
        amount: Amount,
        expire_time: datetime | None = None,
        etag: str = "",
        actor: str = "",
        reason: str = "",
        timeout: float | None = None,
    ) -> Limit:
        """Set how much may be spent. In force for every check that starts after this returned.

        See docs/semantics.md, "Limits".

        Args:
            target: On what.
            unit: One of the namespace's, `in_flight`, or `usd`.
            period: How long a window is. LIFETIME for a chat and for `in_flight`.
            amount: 0 to 10^15 of the unit; 0 blocks everything. For a chat above 0.
            expire_time: User overrides only: in force strictly before this time.
            etag: Of the limit this replaces. Empty: whatever is there.
            actor: Who asks for this, at most 256 bytes. Kept.
            reason: Why, at most 1,024 bytes. Kept.
            timeout: Seconds. None: the client's.

        Raises:
            InvalidArgument: A value that cannot be.
            Aborted: The limit is no longer the one of the etag.
            CallError: The call failed.
        """
        unit, whole = limit_amount(unit, amount, field="amount")
        request = self._limit_request(target, unit, period, expire_time, etag, actor, reason)
        request.amount = whole
        return (self._set_limit(request, timeout)).limit

    def set_unlimited(
        self,
        target: Target,
        *,
        unit: str,
        period: Period,
        expire_time: datetime | None = None,
        etag: str = "",
        actor: str = "",
        reason: str = "",
        timeout: float | None = None,
    ) -> Limit:
        """Set an explicit "unlimited", a value like any other in the hierarchy. As `set_limit` otherwise.

        Raises:
            InvalidArgument: A value that cannot be.
            Aborted: The limit is no longer the one of the etag.
            CallError: The call failed.
        """
        request = self._limit_request(target, unit_name(unit), period, expire_time, etag, actor, reason)
        request.unlimited = True
        return (self._set_limit(request, timeout)).limit

    def raise_limit(
        self,
        target: Target,
        *,
        unit: str,
        period: Period,
        delta: Amount,
        expire_time: datetime | None = None,
        request_id: str | None = None,
        etag: str = "",
        actor: str = "",
        reason: str = "",
        timeout: float | None = None,
    ) -> Raised:
        """Raise the amount in force, once for each `request_id`. As `set_limit` otherwise.

        Args:
            target: On what.
            unit: One of the namespace's, `in_flight`, or `usd`.
            period: The limit's period.
            delta: 1 to 10^15 of the unit; the sum is at most 10^15.
            expire_time: User overrides only. None: stays as it is.
            request_id: A UUID. None: a new one. Give one to be able to repeat the call yourself.
            etag: Of the limit this raises. Empty: whatever is there.
            actor: Who asks for this. Kept.
            reason: Why. Kept.
            timeout: Seconds. None: the client's.

        Raises:
            NotFound: There is no such limit.
            FailedPrecondition: The limit is unlimited.
            CallError: The call failed.
        """
        unit, whole = limit_amount(unit, delta, field="delta")
        request = self._limit_request(target, unit, period, expire_time, etag, actor, reason)
        request.delta = whole
        request.request_id = request_id or new_id()
        return self._set_limit(request, timeout)

    def _limit_request(
        self,
        target: Target,
        unit: str,
        period: Period,
        expire_time: datetime | None,
        etag: str,
        actor: str,
        reason: str,
    ) -> admin.SetLimitRequest:
        return requests.set_limit_request(
            self._namespace,
            target,
            unit,
            period,
            expire_time=expire_time,
            etag=etag,
            actor=actor,
            reason=reason,
        )

    def _set_limit(self, request: admin.SetLimitRequest, timeout: float | None) -> Raised:
        answer = self._transport.call(methods.SET_LIMIT, request, timeout=timeout, repeat=not request.etag)
        return Raised(limit=resources.limit(answer.limit), replayed=answer.replayed)

    def delete_limit(
        self,
        target: Target,
        *,
        unit: str,
        period: Period,
        etag: str = "",
        actor: str = "",
        reason: str = "",
        timeout: float | None = None,
    ) -> None:
        """Remove a limit. In force for every check that starts after this returned.

        Raises:
            NotFound: There is no such limit.
            Aborted: The limit is no longer the one of the etag.
            CallError: The call failed.
        """
        request = requests.delete_limit_request(
            self._namespace, target, unit_name(unit), period, etag=etag, actor=actor, reason=reason
        )
        self._transport.call(methods.DELETE_LIMIT, request, timeout=timeout, repeat=False)

    def list_limits(
        self, *, target: Target | None = None, unit: str = "", page_size: int = 100
    ) -> Iterator[Limit]:
        """List limits by target, unit and period.

        Args:
            target: Only this one; with an empty id, all of its kind. None: all.
            unit: Only this one. Empty: all.
            page_size: How many to fetch at a time.

        Raises:
            CallError: A call failed.
        """
        request = requests.list_limits_request(self._namespace, target, unit_name(unit), page_size)
        for page in self._pages(methods.LIST_LIMITS, request):
            for message in page.limits:
                yield resources.limit(message)

    def list_limit_changes(
        self,
        *,
        target: Target | None = None,
        unit: str = "",
        period: Period | None = None,
        page_size: int = 100,
    ) -> Iterator[LimitChange]:
        """List who changed which limit, newest first. Filters as in `list_limits`.

        Raises:
            CallError: A call failed.
        """
        request = requests.list_limit_changes_request(
            self._namespace, target, unit_name(unit), period, page_size
        )
        for page in self._pages(methods.LIST_LIMIT_CHANGES, request):
            for message in page.limit_changes:
                yield resources.limit_change(message)
