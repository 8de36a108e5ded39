import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from almoner import Client

from tests.client.journal.allowances import NOBODY, client


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Client]:
    """Give a client with an allowance of ten tokens, whose authority is away."""
    async with client(NOBODY, tmp_path) as quota:
        yield quota


@pytest.fixture
def address() -> Iterator[str]:
    """Give an address where nobody listens yet, and nobody else will."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def away(address: str) -> str:
    """Give the address of an authority that is away, and may come back."""
    return address
