"""Clients that have a local allowance, and an authority that cannot be reached."""

from pathlib import Path

from almoner import Client, LocalAllowance, RetryPolicy

ONCE = RetryPolicy(attempts=1)
NOBODY = "127.0.0.1:1"
TEN = LocalAllowance(tokens=10)


def client(address: str, directory: Path, allowance: LocalAllowance = TEN) -> Client:
    """Make a client that gives up at once."""
    return Client(address, journal=directory, on_unreachable=allowance, retry=ONCE, timeout=5)
