"""A start on nothing gives a database; stop and start keep what is in it."""

import stat
from pathlib import Path

import pytest
from almoner_server.embedded import EmbeddedPostgres, NotRunningError, embedded_dsn

from tests.embedded.machine import query


async def test_a_fresh_directory_becomes_a_database_with_the_promised_settings(data_dir: Path) -> None:
    settings = {
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "lc_messages": "C",
    }
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT current_database()") == "almoner"
        assert (await query(pg.dsn, "SHOW server_version")).startswith(pg.version)
        assert {name: await query(pg.dsn, f"SHOW {name}") for name in settings} == settings


async def test_nobody_else_can_enter_the_socket_or_cluster_directory(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir):
        for inside in ("run", "cluster"):
            assert stat.S_IMODE((data_dir / inside).stat().st_mode) == 0o700
        assert stat.S_IMODE((data_dir / "run" / ".s.PGSQL.5432").stat().st_mode) == 0o700


async def test_what_was_committed_is_there_after_a_restart(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        before = pg.dsn
        await query(pg.dsn, "CREATE TABLE kept AS SELECT 41 + 1 AS number")
    async with EmbeddedPostgres(data_dir) as pg:
        assert pg.dsn == before
        assert await query(pg.dsn, "SELECT number FROM kept") == 42


async def test_a_relative_path_with_odd_characters_works(
    public_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = 'a "b"%20é\'s'
    monkeypatch.chdir(public_dir)
    async with EmbeddedPostgres(Path(odd)) as pg:
        assert pg.dsn == embedded_dsn(public_dir / odd)
        assert await query(pg.dsn, "SELECT 1") == 1


async def test_the_environment_does_not_redirect_it(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGPORT", "PGHOST", "PGDATABASE", "PGUSER", "PGDATA", "LC_ALL"):
        monkeypatch.setenv(name, "9")
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT current_database() || current_user") == "almoneralmoner"


async def test_the_dsn_is_found_while_it_runs_and_only_then(data_dir: Path) -> None:
    with pytest.raises(NotRunningError, match=str(data_dir)):
        embedded_dsn(data_dir)
    async with EmbeddedPostgres(data_dir) as pg:
        assert embedded_dsn(data_dir) == pg.dsn
    with pytest.raises(NotRunningError, match=str(data_dir)):
        embedded_dsn(data_dir)


async def test_waiting_for_the_exit_ends_with_the_stop(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        pass
    await pg.wait_exit()
    assert pg.pid is None
    await pg.stop()
