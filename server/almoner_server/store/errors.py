"""What can go wrong between the authority and its database, sorted by what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg


class StoreError(Exception):
    """Is the base of everything the store raises on its own account."""


class StoreUnavailable(StoreError):
    """Says that the database cannot be reached or gave no answer.

    The call may or may not have been carried out; sending the same call again is safe, since ids recognise
    it.
    """


class SchemaMismatch(StoreError):
    """Says that the database's schema is not the one this version works with."""


class StoreFailed(StoreError):
    """Says that one request could not be carried out because of a bug. `__cause__` is what it looks like."""


class Conflict(StoreError):
    """Says that another transaction came first: the same transaction again may well succeed."""


CONFLICTS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.UniqueViolationError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)
_UNAVAILABLE = (
    OSError,  # TimeoutError and every ConnectionError are kinds of it
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,  # out of connections, memory or disk
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a primary that was demoted
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what asyncpg and the network raise into Conflict or StoreUnavailable; let the rest through."""
    try:
        yield
    except CONFLICTS as error:
        raise Conflict(str(error)) from error
    except _UNAVAILABLE as error:
        if isinstance(error, ValueError):  # asyncpg refuses to encode a value: a bug, not an outage
            raise
        raise StoreUnavailable(f"the store is unavailable: {_described(error)}") from error


def _described(error: BaseException) -> str:
    # What asyncpg says of a connection that the server has ended, when it was about to use it.
    if isinstance(error, asyncpg.InternalClientError) or "released back to the pool" in str(error):
        return "the connection was lost"
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
