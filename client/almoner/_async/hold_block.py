"""The life of a `hold` block: open, keep alive, and leave nothing behind."""

import logging
from datetime import timedelta
from types import TracebackType

from almoner._async.calls import QuotaCalls
from almoner._async.hold import Hold, Stage
from almoner._async.opening import ABANDON_TIMEOUT, open_hold
from almoner.errors import AlmonerError, HoldNotSettled, RequestError
from almoner.runtime.asynchronous import Background, finish
from almoner.types.batch import Check

logger = logging.getLogger("almoner")

PAUSE = 1 / 4
"""The part of its time to live after which a hold is prolonged."""
PAUSE_AFTER_FAILURE = 1 / 20
"""The same after an attempt that failed: several more fit in before the hold expires."""


class HoldBlock:
    """Opens a hold on entry and sees to its end on exit.

    Left by an exception, also by a cancellation, the hold is released; partial commits stand. Left without a
    commit or a release, it is released and HoldNotSettled is raised. If a commit got no answer, the hold is
    not released, since money was spent: it stays until its expiry, and the commit may be sent again.
    """

    def __init__(
        self,
        calls: QuotaCalls,
        check: Check,
        *,
        abandon: bool,
        wait: float | timedelta,
        timeout: float | None,
        keep_alive: bool,
    ) -> None:
        self._calls = calls
        self._check = check
        self._abandon = abandon
        self._wait = wait
        self._timeout = timeout
        self._keep_alive = keep_alive
        self._background = Background()

    async def __aenter__(self) -> Hold:
        """Open the hold.

        Raises:
            Refused: The answer was no.
            CallError: The call failed.
        """
        self._hold = await open_hold(
            self._calls, self._check, abandon=self._abandon, wait=self._wait, timeout=self._timeout
        )
        if self._keep_alive and self._hold.held:
            self._background.start(self._prolong, after=PAUSE * _seconds(self._hold.ttl))
        return self._hold

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """See to the end of the hold."""
        self._background.stop()
        if self._hold.settled:
            return
        ending = await finish(self._end())
        if error is None:
            raise HoldNotSettled(f"the block ended without a commit or a release: {ending}")
        if not self._hold.settled:
            error.add_note(f"almoner: {ending}")

    async def _end(self) -> str:
        """Give back what is held; say what became of it."""
        hold = self._hold
        if hold.stage is Stage.UNTOLD:
            return f"a commit of hold {hold.id} got no answer; it stays held until {hold.expire_time}"
        try:
            await hold.release(timeout=ABANDON_TIMEOUT)
        except AlmonerError as failure:
            logger.warning("hold %s could not be released: %s", hold.id, failure)
            return f"hold {hold.id} could not be released ({failure}); it expires at {hold.expire_time}"
        return f"hold {hold.id} was released"

    async def _prolong(self) -> None:
        """Prolong the hold until it is settled, or known to have ended by itself."""
        hold = self._hold
        while not hold.settled:
            pause = PAUSE * _seconds(hold.ttl)
            try:
                await hold.extend(ttl=hold.ttl)
                hold.keep_alive_error = None
            except AlmonerError as failure:
                if hold.stage in (Stage.SETTLING, Stage.SETTLED):
                    return
                hold.keep_alive_error = failure
                logger.warning("hold %s could not be kept alive: %s", hold.id, failure)
                if isinstance(failure, RequestError):
                    return
                pause = PAUSE_AFTER_FAILURE * _seconds(hold.ttl)
            if await self._background.stopped(pause):
                return


def _seconds(ttl: float | timedelta) -> float:
    return ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
