"""What may be asked about limits, and how a change of one is remembered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from almoner_server.core.records import Limit, LimitKey


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Asks to put a limit in force. `amount` None means unlimited, an empty etag whatever is there."""

    namespace: str
    key: LimitKey
    amount: int | None
    expire_time: datetime | None = None
    etag: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RaiseLimit:
    """Asks to raise the limit in force by `delta`, once for each `request_id`.

    Without an `expire_time` the one in force stays.
    """

    namespace: str
    key: LimitKey
    delta: int
    request_id: UUID
    expire_time: datetime | None = None
    etag: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeleteLimit:
    """Asks to remove the limit in force."""

    namespace: str
    key: LimitKey
    etag: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RaisedLimit:
    """Answers a RaiseLimit. `replayed`: it had been carried out before, and this is the answer of then."""

    limit: Limit
    replayed: bool


@dataclass(frozen=True, slots=True)
class LimitChange:
    """Is one change of one limit. `before` None: there was none; `after` None: it was deleted."""

    id: UUID
    key: LimitKey
    before: Limit | None
    after: Limit | None
    change_time: datetime
    actor: str
    reason: str
