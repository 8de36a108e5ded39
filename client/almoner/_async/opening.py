"""How a hold begins, and what becomes of one whose answer never arrived."""

from contextlib import suppress
from datetime import timedelta

from almoner._async.calls import QuotaCalls
from almoner._async.hold import Hold
from almoner.errors import AlmonerError, DeadlineExceeded
from almoner.runtime.asynchronous import INTERRUPTED, finish
from almoner.types.batch import Check
from almoner.types.ledger import HoldInfo

ABANDON_TIMEOUT = 5.0
"""Seconds to give back a hold that nobody wants any more. After that its expiry does it."""


async def open_hold(
    calls: QuotaCalls, check: Check, *, abandon: bool, wait: float | timedelta, timeout: float | None
) -> Hold:
    """Set amounts aside, or raise the refusal.

    Args:
        calls: Who makes the call.
        check: What to ask, with `hold`.
        abandon: Whether to give the hold back if the answer does not arrive, because nobody knows its id.
        wait: Seconds to wait on the server for room.
        timeout: Seconds. None: the client's.

    Raises:
        Refused: The answer was no.
        CallError: The call failed.
    """
    hold = check.hold
    assert hold is not None
    try:
        answer = await calls.check(check, wait=wait, timeout=timeout)
    except (DeadlineExceeded, INTERRUPTED):
        if abandon:
            await finish(_abandon(calls, hold.id))
        raise
    answer.decision.raise_for_refusal()
    return Hold(calls, check, hold, answer)


async def _abandon(calls: QuotaCalls, hold_id: str) -> HoldInfo | None:
    with suppress(AlmonerError):
        return await calls.release(hold_id, timeout=ABANDON_TIMEOUT)
    return None
