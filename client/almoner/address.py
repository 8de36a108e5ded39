"""Where the server is."""

import os

DEFAULT_ADDRESS = "127.0.0.1:50051"


def server_address(given: str | None = None) -> str:
    """Choose the address: the one given, else that of ALMONER_SERVER, else 127.0.0.1:50051."""
    return given or os.environ.get("ALMONER_SERVER") or DEFAULT_ADDRESS


def split_address(address: str) -> tuple[str, int | None]:
    """Split into host and port for telemetry; a gRPC target such as `unix:...` has no port."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        return host.rpartition("/")[2].strip("[]"), int(port)
    return address, None
