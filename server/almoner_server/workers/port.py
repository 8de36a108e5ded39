"""Take a port for several processes, and keep it from everybody else."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from almoner_server.config import ConfigError
from almoner_server.rpc.address import UNIX, ListenError, join, require_free, split


@contextmanager
def reserved(address: str) -> Iterator[str]:
    """Hold `host:port` while the block runs, for sockets of this user that share it; gives the real port.

    The sockets that hold it never listen, so no connection comes to them. Whoever wants the port for himself
    alone, as every authority does at its start, finds it taken, also while no worker listens.

    Raises:
        ConfigError: the address is a Unix socket.
        ListenError: it is malformed, taken, or not of this machine.
    """
    if address.startswith(UNIX):
        raise ConfigError(f"cannot listen on {address} with several workers: only a port can be shared")
    require_free(address)
    host, port = split(address)
    with ExitStack() as held:
        try:
            port = _hold(held, host, port)
        except OSError as error:
            raise ListenError(f"cannot listen on {address}: {error.strerror or error}") from error
        yield join(host, port)


def _hold(held: ExitStack, host: str, port: int) -> int:
    """Bind all that a name stands for and this machine has, to one port. Raises OSError if it has none."""
    trouble: OSError | None = None
    bound = False
    for family, kind, protocol, _, where in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        try:
            taken = _bind(socket.socket(family, kind, protocol), (where[0], port, *where[2:]))
        except OSError as error:
            trouble = error
            continue
        held.enter_context(taken)
        port, bound = taken.getsockname()[1], True
    if trouble is not None and not bound:
        raise trouble
    return port


def _bind(held: socket.socket, where: tuple[str | int, ...]) -> socket.socket:
    try:
        if held.family == socket.AF_INET6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a server that has ended
        held.bind(where)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # nobody else reuses it while we hold it
    except OSError:
        held.close()
        raise
    return held
