"""What a request says, hashed: tells a retry from another request under its id (docs/semantics.md, Idempotency)."""

from hashlib import blake2b

from almoner_server.core.requests import Adjust, Check, Commit

SIZE = 16
"""Bytes of a fingerprint."""


def of_check(request: Check) -> bytes:
    """Hash what a check with a hold asks for. How long it is willing to wait is not part of it."""
    assert request.hold is not None
    hold = (request.hold.ttl.total_seconds(), int(request.hold.on_expiry))
    groups = tuple(sorted(set(request.groups)))
    who = (request.user, groups, request.chat, request.parent)
    return _hash(who, _sorted(request.amounts), hold, _sorted(request.attributes))


def of_commit(request: Commit) -> bytes:
    """Hash what a commit books."""
    who = (request.user, tuple(sorted(set(request.groups))), request.chat, request.parent)
    how = (str(request.hold_id), request.partial, int(request.settlement), str(request.occurred_at))
    return _hash(who, _sorted(request.amounts), how, _sorted(request.attributes))


def of_adjust(request: Adjust) -> bytes:
    """Hash what an adjustment corrects."""
    return _hash(str(request.charge_id), int(request.kind), _sorted(request.amounts), request.reason)


def _sorted(values: dict[str, int] | dict[str, str]) -> tuple[tuple[str, int | str], ...]:
    return tuple(sorted(values.items()))


def _hash(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=SIZE).digest()
