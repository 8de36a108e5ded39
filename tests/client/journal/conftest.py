from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from almoner import Client

from tests.client.journal.allowances import NOBODY, client


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Client]:
    """Give a client with an allowance of ten tokens, whose authority is away."""
    async with client(NOBODY, tmp_path) as quota:
        yield quota
