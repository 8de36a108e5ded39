"""What a client asks: may this be spent, and what is left."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from almoner._async.calls import QuotaCalls
from almoner._async.hold import Hold
from almoner._async.hold_block import HoldBlock
from almoner._async.opening import open_hold
from almoner.amounts import Amount, collect_amounts
from almoner.errors import CallError
from almoner.ids import new_id
from almoner.types.batch import Check, HoldOptions
from almoner.types.decision import Checked, Decision
from almoner.types.enums import ExpiryAction
from almoner.types.status import Status
from almoner.wire.requests import group_ids


class Asking:
    """Asks before a call."""

    _calls: QuotaCalls

    async def check(
        self,
        *,
        user: str,
        groups: Iterable[str] = (),
        chat: str | None = None,
        parent: str | None = None,
        amounts: Mapping[str, Amount] | None = None,
        wait: float | timedelta = 0,
        attributes: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> Decision:
        """Ask whether amounts may be spent, and store nothing. See docs/semantics.md, "Admission".

        A refusal is an answer: `decision.raise_for_refusal()` makes an error of it.

        Args:
            user: Who spends.
            groups: Groups the user is in for this call, besides those stored. At most 64.
            chat: The conversation or agent run.
            parent: The chat that started this one.
            amounts: How much, by unit. A unit not named counts 0, and its limits must still have room.
            wait: Seconds to wait on the server for open holds to settle, 0 to 300.
            attributes: Free labels, at most 32.
            timeout: Seconds, to which `wait` is added. None: the client's.
            **units: The same as `amounts`, as keywords.

        Raises:
            CallError: The call failed.
        """
        check = Check(
            user=user,
            groups=group_ids(groups),
            chat=chat,
            parent=parent,
            amounts=collect_amounts(amounts, units),
            attributes=attributes or {},
        )
        return (await self._calls.check(check, wait=wait, timeout=timeout)).decision

    def hold(
        self,
        *,
        user: str,
        groups: Iterable[str] = (),
        chat: str | None = None,
        parent: str | None = None,
        amounts: Mapping[str, Amount] | None = None,
        ttl: float | timedelta = 600.0,
        on_expiry: ExpiryAction = ExpiryAction.RELEASE,
        wait: float | timedelta = 0,
        keep_alive: bool = True,
        attributes: Mapping[str, str] | None = None,
        hold_id: str | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> HoldBlock:
        """Set amounts aside for a block, which must commit or release. See docs/semantics.md, "Holds".

        An exception in the block, also a cancellation, releases; partial commits stand. Leaving the block
        otherwise without a commit or a release raises HoldNotSettled.

        Args:
            user: Who spends.
            groups: Groups the user is in for this call, besides those stored. At most 64.
            chat: The conversation or agent run.
            parent: The chat that started this one.
            amounts: How much, by unit, as an upper bound.
            ttl: Seconds the hold lives unless prolonged, 1 s to 24 h.
            on_expiry: What becomes of it if this process dies.
            wait: Seconds to wait on the server for open holds to settle, 0 to 300.
            keep_alive: Prolong it while the block runs.
            attributes: Free labels, at most 32; also those of its charges.
            hold_id: A UUID. None: a new one.
            timeout: Seconds, to which `wait` is added. None: the client's.
            **units: The same as `amounts`, as keywords.

        Raises:
            Refused: On entry: QuotaExceeded or QuotaBusy, with the decision.
            CallError: On entry: the call failed.
            HoldNotSettled: On exit.
        """
        hold = HoldOptions(id=hold_id or new_id(), ttl=ttl, on_expiry=on_expiry)
        check = Check(
            user=user,
            groups=group_ids(groups),
            chat=chat,
            parent=parent,
            amounts=collect_amounts(amounts, units),
            hold=hold,
            attributes=attributes or {},
        )
        return HoldBlock(
            self._calls, check, abandon=hold_id is None, wait=wait, timeout=timeout, keep_alive=keep_alive
        )

    async def open_hold(
        self,
        *,
        user: str,
        groups: Iterable[str] = (),
        chat: str | None = None,
        parent: str | None = None,
        amounts: Mapping[str, Amount] | None = None,
        ttl: float | timedelta = 600.0,
        on_expiry: ExpiryAction = ExpiryAction.RELEASE,
        wait: float | timedelta = 0,
        attributes: Mapping[str, str] | None = None,
        hold_id: str | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> Hold:
        """Set amounts aside beyond the end of a block: as `hold`, but nobody prolongs or ends it for you.

        Raises:
            Refused: QuotaExceeded or QuotaBusy, with the decision.
            CallError: The call failed.
        """
        hold = HoldOptions(id=hold_id or new_id(), ttl=ttl, on_expiry=on_expiry)
        check = Check(
            user=user,
            groups=group_ids(groups),
            chat=chat,
            parent=parent,
            amounts=collect_amounts(amounts, units),
            hold=hold,
            attributes=attributes or {},
        )
        return await open_hold(self._calls, check, abandon=hold_id is None, wait=wait, timeout=timeout)

    async def status(
        self,
        *,
        user: str | None = None,
        groups: Iterable[str] = (),
        chat: str | None = None,
        parent: str | None = None,
        timeout: float | None = None,
    ) -> Status:
        """Show what is left, of which limit, for a user, a chat, or both. See docs/semantics.md, "Status".

        Raises:
            CallError: The call failed. It reports or fails; it never invents a zero.
        """
        return await self._calls.status(user, groups, chat, parent, timeout=timeout)

    async def check_many(
        self, checks: Iterable[Check], *, timeout: float | None = None
    ) -> list[Checked | CallError]:
        """Ask many things, 1,000 or 1 MiB in one call and the rest in further ones; those with `hold` set aside.

        Each succeeds or fails alone.

        Returns:
            In the order of `checks`: the answer, which may be a refusal, or the error that the call alone
            would have raised.

        Raises:
            InvalidArgument: A value that cannot be, or a check of more than 4 MiB; nothing was sent.
            CallError: A call as a whole failed. Holds have their ids: send the same values again, all of them.
        """
        return await self._calls.check_many(checks, timeout=timeout)
