import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.machine import Supervisors

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """A short directory that every user can pass, unlike tmp_path, whose parents are closed."""
    path = Path(tempfile.mkdtemp(prefix="almoner-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def data_dir(public_dir: Path) -> Path:
    return public_dir / "data"


@pytest.fixture
def supervisors() -> Iterator[Supervisors]:
    """Other processes that run an EmbeddedPostgres; stopped at the end."""
    with Supervisors() as started:
        yield started
