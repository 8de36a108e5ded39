# Generated from almoner/_async/allowing.py by tools/generate_blocking.py. Do not edit.
"""The calls of a client that may spend up to a local allowance while the authority cannot be reached."""

from collections.abc import Mapping
from datetime import timedelta

from almoner._sync.journalled import JournalledCalls
from almoner._sync.transport import Transport
from almoner.errors import CallError, Unavailable, call_error
from almoner.journal import bounds
from almoner.journal.answers import local_hold, locally_allowed
from almoner.journal.local import LocalHold, Shortage
from almoner.journal.options import Journal, LocalAllowance
from almoner.runtime.blocking import outcome
from almoner.types.batch import Check
from almoner.types.decision import Checked
from almoner.types.ledger import HoldInfo
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb
from almoner.wire import requests

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

    def check(self, check: Check, *, wait: float | timedelta = 0, timeout: float | None = None) -> Checked:
        """Ask the authority; if it cannot be reached, the local allowance.

        Raises:
            Unavailable: Neither allows it.
            InvalidArgument: No authority would take it.
            DeadlineExceeded: No answer in time, too early to tell whether it can be reached.
            CallError: The authority's answer was an error.
        """
        self._transport.deadline(timeout)  # a timeout that is none is refused during an outage, too
        self.start()
        request = requests.check_request(self._namespace, check, wait=wait)
        if not self._reach.worth_trying():
            return self._allow(request, Unavailable(_JUST_NOW), asked=False)
        try:
            answer = self._ask(request, self._reach.timeout(timeout))
        except CallError as error:
            if not self._reach.failed(error, timeout):
                raise
            return self._allow(request, error, asked=True)
        self._reach.found()
        return answer

    def _allow(self, request: quota.CheckQuotaRequest, error: CallError, *, asked: bool) -> Checked:
        """Decide here. A hold that the authority may have made all the same will be released."""
        if request.hold.on_expiry == pb.EXPIRY_ACTION_CHARGE:
            raise _not_chargeable(error) from error
        bounds.require_check(request)
        hold = outcome(self._book.take(request, self._allowance, asked=asked))
        if isinstance(hold, LocalHold):
            return locally_allowed(hold)
        raise (_not_covered(error, hold) if isinstance(hold, Shortage) else hold) from error

    def release(self, hold_id: str, *, timeout: float | None = None) -> HoldInfo:
        """Give a hold back, wherever it was made."""
        hold = outcome(self._book.release_local(self._namespace, hold_id))
        if hold is not None:
            return local_hold(hold)
        try:
            return super().release(hold_id, timeout=timeout)
        except CallError as error:  # also what follows a hurried hold, whose own deadline told nothing
            self._reach.failed(error, timeout)
            raise

    def extend(
        self,
        hold_id: str,
        amounts: Mapping[str, int],
        ttl: float | timedelta | None,
        *,
        timeout: float | None = None,
    ) -> HoldInfo:
        """Change a hold, wherever it was made."""
        request = requests.extend_request(self._namespace, hold_id, amounts, ttl)
        bounds.require_extend(request)
        hold = outcome(self._book.extend_local(request, self._allowance))
        if hold is None:
            return super().extend(hold_id, amounts, ttl, timeout=timeout)
        if isinstance(hold, LocalHold):
            return local_hold(hold)
        if isinstance(hold, Shortage):
            raise _not_covered(Unavailable("the hold was made under the local allowance"), hold)
        raise hold


def _not_chargeable(error: CallError) -> CallError:
    """Make the error of the same kind: what got no answer in time may be held, and is given back."""
    message = "the local allowance does not cover hold.on_expiry CHARGE: nobody could charge it if this process died"
    metadata = {**error.metadata, "field": "hold.on_expiry", "value": "CHARGE", "limit": "RELEASE"}
    return call_error(error.code, f"{error.message}; {message}", error.reason, metadata)


def _not_covered(error: CallError, short: Shortage) -> Unavailable:
    metadata = {
        **error.metadata,
        "field": f"amounts[{short.unit}]",
        "value": str(short.used + short.wanted),
        "limit": str(short.limit),
    }
    return Unavailable(f"{error.message}; {short}", reason=error.reason, metadata=metadata)
