"""Why a request cannot be carried out. A refusal is not an error: see admission."""


class RequestFailed(Exception):
    """Says that one request failed, for a reason of the ErrorReason enum (without prefix) and with its metadata.

    `status` is the name of the gRPC status code. The message names the field, the value and the limit.
    """

    def __init__(self, status: str, reason: str, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.metadata = metadata


def invalid(reason: str, field: str, message: str, *, value: str = "", limit: str = "") -> RequestFailed:
    """Make an INVALID_ARGUMENT that names the field and, where given, the value and the limit."""
    details = {"field": field, **({"value": value} if value else {}), **({"limit": limit} if limit else {})}
    return RequestFailed("INVALID_ARGUMENT", reason, f"{field}: {message}", **details)


def not_found(reason: str, message: str, **metadata: str) -> RequestFailed:
    """Make a NOT_FOUND."""
    return RequestFailed("NOT_FOUND", reason, message, **metadata)


def reused(field: str, value: object) -> RequestFailed:
    """Make the ALREADY_EXISTS of an id that was used before with other content."""
    message = f"{field} {value} was used before with other content"
    return RequestFailed("ALREADY_EXISTS", "ID_REUSED", message, field=field, value=str(value))


def precondition(reason: str, message: str, **metadata: str) -> RequestFailed:
    """Make a FAILED_PRECONDITION."""
    return RequestFailed("FAILED_PRECONDITION", reason, message, **metadata)
