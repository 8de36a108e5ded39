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
    how = f"{hold.ttl.total_seconds()} {hold.on_expiry:d}"
    return _hash(f"{_who(request)} {_sorted(request.amounts)} {how} {_sorted(request.attributes)}")


def of_commit(request: Commit) -> bytes:
    """Hash what a commit books."""
    how = f"{request.hold_id} {request.partial} {request.settlement:d} {request.occurred_at}"
    return _hash(f"{_who(request)} {_sorted(request.amounts)} {how} {_sorted(request.attributes)}")


def of_adjust(request: Adjust) -> bytes:
    """Hash what an adjustment corrects."""
    return _hash(f"{request.charge_id} {request.kind:d} {_sorted(request.amounts)} {request.reason!r}")


def _who(request: Check | Commit) -> str:
    groups = sorted(set(request.groups)) if request.groups else ""
    return f"{request.user!r} {groups} {request.chat!r} {request.parent!r}"


def _sorted(values: Mapping[str, int | str]) -> Mapping[str, int | str]:
    """Return a map that is written alike however it was given."""
    return values if len(values) < 2 else dict(sorted(values.items()))


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=SIZE).digest()
