"""Every error that a caller hears: a google.rpc.Status with one ErrorInfo (docs/semantics.md, Errors)."""

import logging
from dataclasses import dataclass, field

import grpc
from almoner.v1.resources_pb2 import ItemError
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from almoner_server.core.errors import RequestFailed
from almoner_server.rpc.ids import new_id
from almoner_server.store import StoreUnavailable

logger = logging.getLogger(__name__)

DOMAIN = "almoner"
MAX_TEXT_BYTES = 700
"""Length of one text. All texts of an error travel in the trailers, which have room for 8 KiB."""
_CODES: dict[str, int] = {code.name: code.value[0] for code in grpc.StatusCode}
_STATUS_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class Failure:
    """Says why a call, or one item of a batch, failed."""

    code: int
    reason: str
    message: str
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> grpc.StatusCode:
        """Return the status code as gRPC's own kind."""
        return _STATUS_CODES[self.code]

    @property
    def trailers(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return the metadata that carries the details to the caller."""
        info = ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.metadata)
        detail = Any()
        detail.Pack(info)
        status = rpc_status.to_status(Status(code=self.code, message=self.message, details=[detail]))
        return tuple(status.trailing_metadata or ())

    @property
    def item_error(self) -> ItemError:
        """Return the failure as a batch tells it of one item."""
        return ItemError(code=self.code, message=self.message, reason=self.reason, metadata=self.metadata)


def failure_of(error: Exception, method: str) -> Failure:
    """Say to a caller what went wrong. A bug is logged, once, under an id that the caller hears too."""
    match error:
        case RequestFailed():
            metadata = {name: _short(text) for name, text in error.metadata.items()}
            return Failure(_CODES[error.status], error.reason, _short(error.message), metadata)
        case StoreUnavailable():
            return Failure(
                _CODES["UNAVAILABLE"],
                "STORE_UNAVAILABLE",
                "the store cannot be reached: send the same call again",
            )
        case _:
            return _incident(error, method)


def malformed(method: str) -> RequestFailed:
    """Make the error of bytes that are not the message they should be."""
    message = f"the bytes are not the message that {method} takes"
    return RequestFailed("INVALID_ARGUMENT", "MALFORMED_MESSAGE", message, method=method)


def _incident(error: Exception, method: str) -> Failure:
    incident = str(new_id())
    logger.error("incident %s in %s", incident, method, exc_info=error)
    message = f"an error of the server, not of the call; its log has more under incident {incident}"
    return Failure(_CODES["INTERNAL"], "INTERNAL", message, {"incident": incident})


def _short(text: str) -> str:
    start = text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")
    return text if start == text else f"{start}..."
