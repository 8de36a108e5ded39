# Generated from almoner/_async/telling.py by tools/generate_blocking.py. Do not edit.
"""What a client tells: what was really spent."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from almoner._sync.calls import QuotaCalls
from almoner.amounts import Amount, collect_amounts
from almoner.errors import CallError
from almoner.types.batch import Commit
from almoner.types.enums import AdjustmentKind, Settlement
from almoner.types.ledger import Adjusted, Committed, HoldInfo
from almoner.wire.requests import group_ids


class Telling:
    """Tells after a call."""

    _calls: QuotaCalls

    def commit(
        self,
        hold_id: str,
        *,
        amounts: Mapping[str, Amount] | None = None,
        partial: bool = False,
        charge_id: str | None = None,
        settlement: Settlement = Settlement.ACTUAL,
        user: str | None = None,
        groups: Iterable[str] = (),
        chat: str | None = None,
        parent: str | None = None,
        attributes: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> Committed:
        """Book the cost of a hold by its id, as `Hold.commit` does where the hold is at hand.

        With `user` it is booked even if the store does not know the hold. A partial commit that you may have
        to repeat needs a `charge_id`, a UUID: under a new one it would be booked again.

        Raises:
            InvalidArgument: No amount, or one that cannot be.
            CallError: It was not booked, or whether it was is not known: then call again.
        """
        commit = Commit(
            amounts=collect_amounts(amounts, units),
            hold_id=hold_id,
            charge_id=charge_id,
            partial=partial,
            settlement=settlement,
            user=user,
            groups=group_ids(groups),
            chat=chat,
            parent=parent,
            attributes=attributes or {},
        )
        return self._calls.commit(commit, timeout=timeout)

    def charge(
        self,
        *,
        user: str,
        groups: Iterable[str] = (),
        chat: str | None = None,
        parent: str | None = None,
        amounts: Mapping[str, Amount] | None = None,
        charge_id: str | None = None,
        settlement: Settlement = Settlement.ACTUAL,
        occurred_at: datetime | None = None,
        attributes: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> Committed:
        """Book a cost without a hold. Never refused because of a limit. See docs/semantics.md, "Settlement".

        Args:
            user: Who spent.
            groups: Groups the user is in for this call, besides those stored.
            chat: The conversation or agent run.
            parent: The chat that started this one.
            amounts: The cost, by unit.
            charge_id: A UUID. None: a new one. Give one to be able to repeat the call yourself.
            settlement: How well the cost is known.
            occurred_at: When it occurred, not in the future: it counts in the windows of that moment.
                None: now.
            attributes: Free labels, at most 32.
            timeout: Seconds. None: the client's.
            **units: The same as `amounts`, as keywords.

        Raises:
            InvalidArgument: No amount, or one that cannot be.
            CallError: It was not booked, or whether it was is not known.
        """
        commit = Commit(
            amounts=collect_amounts(amounts, units),
            charge_id=charge_id,
            settlement=settlement,
            user=user,
            groups=group_ids(groups),
            chat=chat,
            parent=parent,
            occurred_at=occurred_at,
            attributes=attributes or {},
        )
        return self._calls.commit(commit, timeout=timeout)

    def release(self, hold_id: str, *, timeout: float | None = None) -> HoldInfo:
        """Give a hold back by its id. Safe to repeat.

        Raises:
            NotFound: There is no such hold.
            FailedPrecondition: It has been committed, or charged at its expiry.
            CallError: The call failed.
        """
        return self._calls.release(hold_id, timeout=timeout)

    def extend(
        self,
        hold_id: str,
        *,
        amounts: Mapping[str, Amount] | None = None,
        ttl: float | timedelta | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> HoldInfo:
        """Change the total amounts or the time to live of a hold by its id.

        Args:
            hold_id: The hold.
            amounts: New totals by unit, counting what was committed on it already. Units not named stay.
            ttl: Seconds to live from now, 1 s to 24 h. None: the expiry stays.
            timeout: Seconds. None: the client's.
            **units: The same as `amounts`, as keywords.

        Raises:
            Refused: There is no room for more; the hold is as before.
            CallError: The hold has ended or does not exist, or the call failed.
        """
        return self._calls.extend(hold_id, collect_amounts(amounts, units), ttl, timeout=timeout)

    def adjust(
        self,
        charge_id: str,
        *,
        kind: AdjustmentKind,
        amounts: Mapping[str, Amount] | None = None,
        adjustment_id: str | None = None,
        reason: str = "",
        timeout: float | None = None,
        **units: Amount,
    ) -> Adjusted:
        """Correct a charge. See docs/semantics.md, "Adjustments".

        Args:
            charge_id: The charge; of a hold's final commit it is the hold's id.
            kind: REFUND takes `amounts` off; ACTUAL puts them in the place of an estimate.
            amounts: By unit. ACTUAL: units not named stay.
            adjustment_id: A UUID. None: a new one.
            reason: Why, at most 1,024 bytes. Kept.
            timeout: Seconds. None: the client's.
            **units: The same as `amounts`, as keywords.

        Raises:
            FailedPrecondition: A refund above what is left, or the real cost of a charge that has it.
            CallError: The call failed.
        """
        return self._calls.adjust(
            charge_id,
            kind,
            collect_amounts(amounts, units),
            adjustment_id=adjustment_id,
            reason=reason,
            timeout=timeout,
        )

    def commit_many(
        self, commits: Iterable[Commit], *, timeout: float | None = None
    ) -> list[Committed | CallError]:
        """Book many costs, 1,000 or 1 MiB in one call and the rest in further ones. Each succeeds or fails alone.

        Returns:
            In the order of `commits`: the answer, or the error that the call alone would have raised.

        Raises:
            InvalidArgument: A value that cannot be, or a cost of more than 4 MiB; nothing was sent.
            CallError: A call as a whole failed. Charges have their ids: send the same values again, all of them.
        """
        return self._calls.commit_many(commits, timeout=timeout)
