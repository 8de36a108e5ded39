"""Requests as the wire would make them, with what a test does not care about filled in."""

from datetime import timedelta
from uuid import UUID, uuid4

from almoner_server.core.requests import Check, Commit, HoldOptions, Release
from almoner_server.core.terms import ExpiryAction, Settlement

NAMESPACE = "default"
UNIT = "messages"


def check(
    user: str,
    amount: int = 1,
    *,
    hold: UUID | None = None,
    ttl: timedelta = timedelta(minutes=10),
    groups: tuple[str, ...] = (),
    chat: str = "",
    parent: str = "",
    is_unnamed: bool = False,
) -> Check:
    """Make a check that holds `amount` messages."""
    options = HoldOptions(hold or uuid4(), ttl, ExpiryAction.RELEASE, is_unnamed)
    return Check(NAMESPACE, user, groups, chat, parent, {UNIT: amount}, options)


def question(user: str, amount: int = 1) -> Check:
    """Make a check that holds nothing."""
    return Check(NAMESPACE, user, (), "", "", {UNIT: amount})


def commit(hold: UUID, amount: int = 1) -> Commit:
    """Make the final commit of a hold."""
    return Commit(NAMESPACE, hold, hold, {UNIT: amount}, False, Settlement.ACTUAL, "", (), "", "")


def charge(user: str, amount: int = 1, charge_id: UUID | None = None) -> Commit:
    """Make a direct charge."""
    own_id = charge_id or uuid4()
    return Commit(NAMESPACE, None, own_id, {UNIT: amount}, False, Settlement.ACTUAL, user, (), "", "")


def release(hold: UUID) -> Release:
    """Make the release of a hold."""
    return Release(NAMESPACE, hold)
