"""What a request says, hashed: tells a retry from another request under its id (docs/semantics.md, Idempotency)."""

from collections.abc import Mapping
from hashlib import blake2b

from almoner_server.core.requests import Adjust, Check, Commit

SIZE = 16
"""Bytes of a fingerprint."""


def of_check(request: Check) -> bytes:
    """Hash what a check with a hold asks for. How long it is willing to wait is not part of it."""
    hold = request.hold
    assert hold is not None
    how = (hold.ttl.total_seconds(), int(hold.on_expiry))
    return _hash(_who(request), _sorted(request.amounts), how, _sorted(request.attributes))


def of_commit(request: Commit) -> bytes:
    """Hash what a commit books."""
    how = (str(request.hold_id), request.partial, int(request.settlement), str(request.occurred_at))
    return _hash(_who(request), _sorted(request.amounts), how, _sorted(request.attributes))


def of_adjust(request: Adjust) -> bytes:
    """Hash what an adjustment corrects."""
    return _hash(str(request.charge_id), int(request.kind), _sorted(request.amounts), request.reason)


def _who(request: Check | Commit) -> tuple[object, ...]:
    groups = tuple(sorted(set(request.groups))) if request.groups else ()
    return (request.user, groups, request.chat, request.parent)


def _sorted(values: Mapping[str, int | str]) -> tuple[tuple[str, int | str], ...]:
    items = tuple(values.items())
    return items if len(items) < 2 else tuple(sorted(items))


def _hash(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=SIZE).digest()
