"""Faults under load. In the normal run each strikes briefly; `make faults` strikes in full and keeps the table."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from almoner_server.embedded import find_binaries

from tests.faults import table
from tests.faults.checks import Row, examine
from tests.faults.load import BRIEF, FULL, Load, Pace, callers
from tests.faults.watch import watching

ROWS = pytest.StashKey[list[Row]]()
FULL_SECONDS = 600
"""How long one test may take in full."""
Trial = Callable[[str, str, Sequence[str]], AbstractAsyncContextManager[Load]]
"""Takes the fault in words, the DSN past the fault, and what the processes of callers dial."""
Measure = Callable[..., AbstractAsyncContextManager["Measured"]]
"""Takes the same, and options for the callers."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="let each fault strike in full")
    parser.addoption("--table", type=Path, help="the document that keeps the table of all faults")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: too long for the normal run")
    config.stash[ROWS] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full", False):
        for item in items:
            item.add_marker(pytest.mark.timeout(FULL_SECONDS))
        return
    long = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows, document = config.stash.get(ROWS, []), config.getoption("--table", None)
    if not rows:
        return
    terminalreporter.section("faults")
    for line in table.plain(rows):
        terminalreporter.write_line(line)
    if document is not None:
        found = find_binaries()
        table.renew(document, rows, f"PostgreSQL {found.version} ({found.source})")


def briefly(names: Iterable[str], brief: Collection[str]) -> pytest.MarkDecorator:
    """Run a test at each of the stages, in the normal run only at some of them."""
    full = pytest.mark.full
    return pytest.mark.parametrize(
        "stage", [name if name in brief else pytest.param(name, marks=full) for name in names]
    )


@pytest.fixture
def pace(request: pytest.FixtureRequest) -> Pace:
    """Say how hard and how long to strike."""
    return FULL if request.config.getoption("--full", False) else BRIEF


class Measured:
    """Is a load and, once the block under load has ended, what became of it."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self._rows: list[Row] = []

    @property
    def row(self) -> Row:
        """Return what was measured."""
        return self._rows[0]

    def end(self, row: Row) -> None:
        """Note what was measured."""
        self._rows.append(row)


@pytest.fixture
def measure(pace: Pace, tmp_path: Path) -> Measure:
    """Run callers while a fault strikes in the block; then look at what became of every promise."""

    @asynccontextmanager
    async def run(fault: str, dsn: str, targets: Sequence[str], *options: str) -> AsyncIterator[Measured]:
        folder = tmp_path / "journal"
        folder.mkdir()
        async with watching(dsn) as watch:
            async with callers(folder, pace, targets, *options) as load:
                await load.answers(pace.before)
                measured = Measured(load)
                yield measured
                await load.answers_to_new_calls(pace.after)
            measured.end(await examine(fault, dsn, load, watch))
        assert watch.looks > 1

    return run


@pytest.fixture
def trial(measure: Measure, request: pytest.FixtureRequest) -> Trial:
    """Run callers while a fault strikes in the block; every promise must have been kept. Notes the row."""

    @asynccontextmanager
    async def run(fault: str, dsn: str, targets: Sequence[str]) -> AsyncIterator[Load]:
        async with measure(fault, dsn, targets) as measured:
            yield measured.load
        request.config.stash[ROWS].append(measured.row)
        assert measured.row.clean, measured.row

    return run


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """Make a short directory that every user can pass, unlike tmp_path, whose parents are closed."""
    path = Path(tempfile.mkdtemp(prefix="almoner-f-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Name the file that servers log to."""
    return tmp_path / "server.log"
