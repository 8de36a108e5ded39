"""The two things of PostgreSQL that a sharded successor may lack: advisory locks and NOTIFY. All is here."""

import json
from collections.abc import Iterable
from hashlib import blake2b

from almoner_server.core.records import AccountKey

CHANNEL = "almoner"
MIGRATION_LOCK = 0x616C6D6F6E6572
"""The key under which one process at a time migrates."""
TAGS_PER_NOTIFICATION = 300
"""A payload holds 8,000 bytes at most; a tag needs 22 with its comma."""


def tag_of(key: AccountKey) -> int:
    """Return what stands for an account in a notification. Two accounts may share it: a false alarm."""
    return _number(key.namespace.encode(), bytes([key.kind]), key.id.encode())


def freed_payloads(keys: Iterable[AccountKey]) -> list[str]:
    """Return the notifications that tell other replicas on which accounts room was made."""
    tags = sorted({tag_of(key) for key in keys})
    parts = range(0, len(tags), TAGS_PER_NOTIFICATION)
    return [json.dumps({"freed": tags[part : part + TAGS_PER_NOTIFICATION]}) for part in parts]


def limits_payload(namespace: str) -> str:
    """Return the notification that tells every replica that limits, groups or settings have changed."""
    return json.dumps({"namespace": namespace})


def _number(*parts: bytes) -> int:
    digest = blake2b(b"\0".join(parts), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
