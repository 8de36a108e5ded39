"""The calls of a client that may spend up to a local allowance while the authority cannot be reached."""

import time
from collections.abc import Mapping
from datetime import timedelta

from almoner._async.journalled import JournalledCalls
from almoner._async.transport import Transport
from almoner.amounts import collect_amounts
from almoner.errors import CallError, Unavailable
from almoner.journal.answers import local_hold, locally_allowed
from almoner.journal.local import LocalHold, Shortage
from almoner.journal.options import Journal, LocalAllowance
from almoner.runtime.asynchronous import outcome
from almoner.types.batch import Check
from almoner.types.decision import Checked
from almoner.types.enums import ExpiryAction
from almoner.types.ledger import HoldInfo
from almoner.wire import requests
from almoner.wire.scalars import to_duration

_JUST_NOW = "the authority could not be reached a moment ago"


class AllowingCalls(JournalledCalls):
    """Makes the calls of one namespace; checks that get no answer are decided by a local allowance.

    Raises:
        JournalError: The journal cannot be opened.
    """

    def __init__(
        self, transport: Transport, namespace: str, options: Journal, allowance: LocalAllowance
    ) -> None:
        super().__init__(transport, namespace, options)
        self._allowance = allowance.amounts

    async def check(
        self, check: Check, *, wait: float | timedelta = 0, timeout: float | None = None
    ) -> Checked:
        """Ask the authority; if it cannot be reached, the local allowance.

        Raises:
            Unavailable: Neither allows it.
            DeadlineExceeded: No answer in time, too early to tell whether it can be reached.
            CallError: The authority's answer was an error.
        """
        self.start()
        request = requests.check_request(self._namespace, check, wait=wait)
        if not self._reach.worth_trying():
            return await self._allow(check, Unavailable(_JUST_NOW), asked=False)
        try:
            answer = await self._ask(request, self._reach.timeout(timeout))
        except CallError as error:
            if not self._reach.failed(error, timeout):
                raise
            return await self._allow(check, error, asked=True)
        self._reach.found()
        return answer

    async def _allow(self, check: Check, error: CallError, *, asked: bool) -> Checked:
        """Decide here. A hold that the authority may have made all the same will be released."""
        keep = check.hold is not None
        if check.hold is not None and check.hold.on_expiry is ExpiryAction.CHARGE:
            raise error  # nobody would charge it here if this process dies
        hold = self._local(check)
        short = await outcome(self._book.take(hold, self._allowance, keep=keep, release=keep and asked))
        if short is not None:
            raise _not_covered(error, short) from error
        return locally_allowed(hold if keep else None)

    def _local(self, check: Check) -> LocalHold:
        now = time.time()
        options = check.hold
        return LocalHold(
            namespace=self._namespace,
            id=options.id if options else "",
            user=check.user,
            totals=collect_amounts(check.amounts, {}),
            booked={},
            admit_time=now,
            expire_time=now + _seconds(options.ttl) if options else now,
        )

    async def release(self, hold_id: str, *, timeout: float | None = None) -> HoldInfo:
        """Give a hold back, wherever it was made."""
        hold = await outcome(self._book.release_local(self._namespace, hold_id))
        if hold is not None:
            return local_hold(hold, released=True)
        try:
            return await super().release(hold_id, timeout=timeout)
        except CallError as error:  # also what follows a hurried hold, whose own deadline told nothing
            self._reach.failed(error, timeout)
            raise

    async def extend(
        self,
        hold_id: str,
        amounts: Mapping[str, int],
        ttl: float | timedelta | None,
        *,
        timeout: float | None = None,
    ) -> HoldInfo:
        """Change a hold, wherever it was made."""
        seconds = None if ttl is None else _seconds(ttl)
        hold = await outcome(
            self._book.extend_local(self._namespace, hold_id, amounts, seconds, self._allowance)
        )
        if hold is None:
            return await super().extend(hold_id, amounts, ttl, timeout=timeout)
        if isinstance(hold, Shortage):
            raise _not_covered(Unavailable("the hold was made under the local allowance"), hold)
        return local_hold(hold)


def _seconds(ttl: float | timedelta) -> float:
    return to_duration(ttl, "hold.ttl").ToTimedelta().total_seconds()


def _not_covered(error: CallError, short: Shortage) -> Unavailable:
    metadata = {
        **error.metadata,
        "field": f"amounts[{short.unit}]",
        "value": str(short.used + short.wanted),
        "limit": str(short.limit),
    }
    return Unavailable(f"{error.message}; {short}", reason=error.reason, metadata=metadata)
