"""Which rows a request needs, so that all of them can be locked and read before anything is decided.

Looking them up takes two steps: first the facts that never change (whose a hold or charge is, a chat's chain), then,
knowing these, the accounts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from almoner_server.core.book import account_keys
from almoner_server.core.expiry import expiry_charge_id, late_commit_id
from almoner_server.core.records import AccountKey, NamespaceRules, Spender, Target
from almoner_server.core.requests import Adjust, Check, Commit, Request
from almoner_server.core.terms import TargetKind


@dataclass(slots=True)
class Known:
    """Holds the facts about a batch that never change once they are true."""

    holds: dict[tuple[str, UUID], Spender] = field(default_factory=dict)
    """Whose each hold is."""
    charges: dict[tuple[str, UUID], Spender] = field(default_factory=dict)
    """Whose each charge is."""
    chains: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The chain of each chat that exists."""


def hold_of(request: Request) -> UUID | None:
    """Return the hold that a request is about, if any."""
    match request:
        case Check():
            return request.hold.id if request.hold else None
        case Adjust():
            return None
        case _:
            return request.hold_id


def charges_of(request: Request) -> tuple[UUID, ...]:
    """Return the charges that a request may meet: its own, and what the expiry of its hold may have booked."""
    match request:
        case Commit() if request.hold_id is not None:
            return (request.charge_id, expiry_charge_id(request.hold_id))
        case Commit() | Adjust():
            return (request.charge_id,)
        case _:
            return ()


def adjustments_of(request: Request) -> tuple[UUID, ...]:
    """Return the adjustments that a request may meet."""
    match request:
        case Adjust():
            return (request.adjustment_id,)
        case Commit() if request.hold_id is not None:
            return (late_commit_id(request.hold_id),)
        case _:
            return ()


def chats_of(request: Request) -> tuple[str, ...]:
    """Return the chats that a request names."""
    match request:
        case Check() | Commit():
            return tuple(chat for chat in (request.chat, request.parent) if chat)
        case _:
            return ()


def user_of(request: Request) -> str:
    """Return the user that a request names; empty if it names none."""
    match request:
        case Check() | Commit():
            return request.user
        case _:
            return ""


def spenders_of(request: Request, known: Known, stored_groups: Iterable[str]) -> list[Spender]:
    """Return everybody whose accounts a request may touch: the hold's or charge's, and whom it names."""
    found = []
    hold_id = hold_of(request)
    if hold_id is not None and (request.namespace, hold_id) in known.holds:
        found.append(known.holds[request.namespace, hold_id])
    charges = [(request.namespace, charge_id) for charge_id in charges_of(request)]
    found += [known.charges[charge] for charge in charges if charge in known.charges]
    if isinstance(request, Check | Commit) and request.user:
        groups = tuple(sorted({*request.groups, *stored_groups}))
        found.append(Spender(request.user, groups, _likely_chain(request, known)))
    return found


def accounts_of(rules: NamespaceRules, spenders: Iterable[Spender]) -> set[AccountKey]:
    """Return the accounts to lock."""
    return {key for spender in spenders for key in account_keys(rules, spender)}


def limit_targets_of(spenders: Iterable[Spender]) -> set[Target]:
    """Return the single users and chats whose limits are to be read."""
    targets = set()
    for spender in spenders:
        targets.add(Target(TargetKind.USER, spender.user))
        targets.update(Target(TargetKind.CHAT, chat) for chat in spender.chain)
    return targets


def _likely_chain(request: Check | Commit, known: Known) -> tuple[str, ...]:
    """Return the chain a request will have unless it is refused for its parent."""
    if not request.chat:
        return ()
    chain = known.chains.get((request.namespace, request.chat))
    if chain is not None:
        return chain
    if not request.parent:
        return (request.chat,)
    return (*known.chains.get((request.namespace, request.parent), (request.parent,)), request.chat)
