"""The errors a caller can meet, in one tree.

    AlmonerError
      x Refused                 the answer was no; carries the decision
        + QuotaExceeded         some limit is exhausted: wait for its window or raise it
        + QuotaBusy             it would fit once open holds settle: try again shortly
      + HoldNotSettled          a `hold` block was left without a commit or a release
      + ClientClosed            the client was used after it was closed (a RuntimeError)
      + JournalError            the journal cannot be used, and the authority did not have the commit either
        + JournalFull           it has reached its limit, or the disk is full
        + JournalBusy           another process is replaying it, and does not get on
      x CallError               a call failed; carries code, reason, field and metadata
        x RequestError          the request cannot be served as it is; the same again fails again
          + InvalidArgument     a value is wrong, found by the client or the server (a ValueError)
          + NotFound            a namespace, limit, charge or hold does not exist
          + AlreadyExists       an id was used before with other content
          + FailedPrecondition  the state does not allow it: a settled hold, another parent, ...
          + Aborted             the limit or namespace has changed since the etag was given
        + ServiceError          no answer was to be had; itself for codes that have no class below
          + Unavailable         server or store cannot be reached, also after retries
          + DeadlineExceeded    the time ran out; whether it was done is not known (a TimeoutError)
          + Overloaded          more calls at once than the server takes
          + InternalError       a bug of the server

Those marked with x are never raised themselves: they are for `except`.
"""

from collections.abc import Mapping
from typing import Self

from almoner.http import HttpResponse, RefusalStatus, refusal_response
from almoner.types.decision import Decision
from almoner.types.enums import RefusalReason


class AlmonerError(Exception):
    """Stands for every error of this package."""


class Refused(AlmonerError):
    """Says that the answer was no. A refusal stores nothing; there is nothing to clean up."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.message)
        self.decision = decision

    def __reduce__(self) -> tuple[type[Self], tuple[Decision]]:
        """Pickle by the decision: a worker that was refused tells its parent so."""
        return type(self), (self.decision,)

    def http_response(self, status: RefusalStatus = 429) -> HttpResponse:
        """Map this refusal to HTTP for a web backend.

        Args:
            status: 402, 403, 409 or 429, as the backend's own users shall see it.

        Returns:
            The status, headers with `Retry-After` where waiting helps, and a problem document (RFC 9457)
            that names no user, group or chat.

        Raises:
            ValueError: Another status.
        """
        return refusal_response(self.decision, status)


class QuotaExceeded(Refused):
    """Says that a limit is exhausted: its window must end or it must be raised."""


class QuotaBusy(Refused):
    """Says that the amounts would fit once open holds settle: try again shortly, or give `wait`."""


class HoldNotSettled(AlmonerError):
    """Says that a `hold` block ended without a commit or a release, and what became of the hold.

    It has been released, unless a commit got no answer or the release failed: then it stays until its expiry.
    """


class ClientClosed(AlmonerError, RuntimeError):
    """Says that the client was used after it was closed."""


class JournalError(AlmonerError):
    """Says that the journal cannot be used, and which.

    Raised by a commit, it means that the cost is neither on disk here nor known to be booked: call again.
    """


class JournalFull(JournalError):
    """Says that the journal has reached its limit, or that its disk is full."""


class JournalBusy(JournalError):
    """Says that a replay was not done: another process has its turn, does not get on, and is named."""


class CallError(AlmonerError):
    """Says that a call failed.

    Attributes:
        code: The name of the gRPC status code, for example `NOT_FOUND`.
        reason: The name of an `ErrorReason` without its prefix, for example `HOLD_NOT_FOUND`; empty if the
            error did not come from Almoner.
        field: The field at fault, for example `amounts[tokens]`; None if it is not one field.
        metadata: What else the reason says: mostly `field`, `value` and `limit`.
    """

    code = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.metadata = dict(metadata or {})
        if code is not None:
            self.code = code

    @property
    def field(self) -> str | None:
        """Name the field at fault, if it is one field."""
        return self.metadata.get("field")


class RequestError(CallError):
    """Says that the request cannot be served as it is. The same request again fails again."""


class InvalidArgument(RequestError, ValueError):
    """Says that a value is wrong, and which. The client finds some itself, before it sends anything."""

    code = "INVALID_ARGUMENT"


class NotFound(RequestError):
    """Says that a namespace, limit, charge or hold does not exist."""

    code = "NOT_FOUND"


class AlreadyExists(RequestError):
    """Says that an id was used before with other content."""

    code = "ALREADY_EXISTS"


class FailedPrecondition(RequestError):
    """Says that the state does not allow it: a settled hold, another parent, a refund too large, ..."""

    code = "FAILED_PRECONDITION"


class Aborted(RequestError):
    """Says that the limit or namespace has changed since the etag was given."""

    code = "ABORTED"


class ServiceError(CallError):
    """Says that no answer was to be had. Raised itself for status codes that have no class of their own."""


class Unavailable(ServiceError):
    """Says that the server or its store cannot be reached. Sent again already, under the same ids.

    Also stands for CANCELLED, which a server or proxy answers that breaks a call off as it stops; what the
    caller cancels itself does not come here.
    """

    code = "UNAVAILABLE"


class DeadlineExceeded(ServiceError, TimeoutError):
    """Says that the time ran out. Whether the call was carried out is not known; the same ids settle it."""

    code = "DEADLINE_EXCEEDED"


class Overloaded(ServiceError):
    """Says that more calls are under way than the server takes."""

    code = "RESOURCE_EXHAUSTED"


class InternalError(ServiceError):
    """Says that the server met a bug of its own. `metadata["incident"]` finds it in the server's log."""

    code = "INTERNAL"


_BY_CODE: dict[str, type[CallError]] = {"CANCELLED": Unavailable} | {
    error.code: error
    for error in (
        InvalidArgument,
        NotFound,
        AlreadyExists,
        FailedPrecondition,
        Aborted,
        Unavailable,
        DeadlineExceeded,
        Overloaded,
        InternalError,
    )
}


def call_error(
    code: str, message: str, reason: str = "", metadata: Mapping[str, str] | None = None
) -> CallError:
    """Make the error for a gRPC status code, given by name."""
    kind = _BY_CODE.get(code, ServiceError)
    return kind(message, reason=reason, metadata=metadata, code=code)


def refused(decision: Decision) -> Refused:
    """Make the error for a decision that is not allowed."""
    return QuotaBusy(decision) if decision.reason is RefusalReason.BUSY else QuotaExceeded(decision)


def out_of_range(field: str, value: object, limit: str) -> InvalidArgument:
    """Make the error for an amount that is outside its bounds."""
    return InvalidArgument(
        f"{field}: {value!r} is not in range: {limit}",
        reason="AMOUNT_OUT_OF_RANGE",
        metadata={"field": field, "value": str(value), "limit": limit},
    )
