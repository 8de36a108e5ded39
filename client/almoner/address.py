"""Where the server is."""

import os

from almoner.wire.arguments import not_sendable, text

DEFAULT_ADDRESS = "127.0.0.1:50051"
MAX_PORT = 65_535


def server_address(given: str | None = None) -> str:
    """Choose the address: the one given, else that of ALMONER_SERVER, else 127.0.0.1:50051.

    Raises:
        InvalidArgument: Its port is above 65535: gRPC would take it for what is left of it by 65536.
    """
    address = text("address", given or os.environ.get("ALMONER_SERVER") or DEFAULT_ADDRESS)
    port = None if address.startswith("unix") else split_address(address)[1]
    if port is not None and port > MAX_PORT:
        limit = f"an address with a port of 0 to {MAX_PORT}"
        raise not_sendable("address", address, limit, reason="MALFORMED_NAME")
    return address


def split_address(address: str) -> tuple[str, int | None]:
    """Split into host and port for telemetry; a gRPC target such as `unix:...` has no port."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        return host.rpartition("/")[2].strip("[]"), int(port)
    return address, None
