"""How many connections a server may have: each is an open file, and the rest of the process needs some too."""

import resource

MAX_CONNECTIONS = 16_000
RESERVED_FILES = 200
"""For connections to the database, logs, and what else is opened."""
_FILES = MAX_CONNECTIONS + RESERVED_FILES


def max_connections() -> int:
    """Return how many connections there may be, having raised the soft limit on open files as far as need be.

    Without a bound of its own gRPC would leave newcomers in the queue of the socket, where they hear nothing.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, min(MAX_CONNECTIONS, wanted - RESERVED_FILES))
