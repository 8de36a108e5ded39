"""What a caller hears when the engine itself cannot take its request."""

from almoner_server.core.errors import RequestFailed


def overloaded(limit: int) -> RequestFailed:
    """Make the error of a queue that is full."""
    message = f"{limit} calls, the most there may be, are queued already: try again later"
    return RequestFailed("RESOURCE_EXHAUSTED", "OVERLOADED", message, limit=str(limit))


def shutting_down() -> RequestFailed:
    """Make the error of an engine that takes nothing more."""
    return RequestFailed(
        "UNAVAILABLE", "SHUTTING_DOWN", "the server is about to stop: send the same call again"
    )
