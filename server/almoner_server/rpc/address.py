"""Where to listen: `host:port`, `[::1]:port` or `unix:path`."""

import errno
import socket
import stat
from pathlib import Path
from typing import Any

UNIX = "unix:"
MAX_PORT = 65535


class ListenError(Exception):
    """Says why nobody can listen on an address."""


def require_free(address: str) -> None:
    """Make sure that one can listen on an address, without listening yet.

    gRPC itself would report a taken port by a log line of its own, and take a Unix socket away from whoever
    listens on it.

    Raises:
        ListenError: the address is malformed, taken, or not of this machine.
    """
    require_form(address)
    if address.startswith(UNIX):
        _require_free_path(Path(address.removeprefix(UNIX)))
    else:
        _require_free_port(address, *split(address))


def require_form(address: str) -> None:
    """Make sure that an address is one, free or not. Raises ListenError."""
    if address == UNIX:
        raise ListenError(f"cannot listen on {address!r}: give a path, as unix:/run/almoner.sock")
    if address.startswith(UNIX):
        return
    try:
        split(address)
    except ListenError as error:
        raise ListenError(f"{error}, or unix:path") from None


def split(address: str) -> tuple[str, int]:
    """Return host and port of `host:port`. Raises ListenError."""
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) <= MAX_PORT):
        raise ListenError(f"cannot listen on {address!r}: give host:port with a port of 0 to {MAX_PORT}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def join(host: str, port: int) -> str:
    """Return `host:port`, the host in brackets if it has colons itself."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _require_free_port(address: str, host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        troubles = [_trouble(*place) for place in found]
    except OSError as error:
        raise ListenError(f"cannot listen on {address}: {error.strerror or error}") from error
    # A name may stand for an address that this machine lacks, as ::1 without IPv6: one that works will do.
    lacking = [trouble for trouble in troubles if trouble and trouble.errno == errno.EADDRNOTAVAIL]
    grave = [trouble for trouble in troubles if trouble and trouble not in lacking]
    if grave or len(lacking) == len(troubles):
        raise ListenError(f"cannot listen on {address}: {(grave or lacking)[0].strerror}")


def _trouble(family: int, kind: int, protocol: int, _: str, where: Any) -> OSError | None:
    """Return what keeps a socket from listening, None if nothing does."""
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen()
    except OSError as error:
        return error
    return None


def _require_free_path(path: Path) -> None:
    if not path.parent.is_dir():
        raise ListenError(f"cannot listen on {UNIX}{path}: {path.parent} is no directory")
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise ListenError(f"cannot listen on {UNIX}{path}: there is a file that is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return  # left behind by a process that is gone
    raise ListenError(f"cannot listen on {UNIX}{path}: another process does")
