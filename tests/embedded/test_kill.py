"""kill -9, of PostgreSQL and of its supervisor, loses nothing committed and leaves nothing behind."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest
from almoner_server.embedded import EmbeddedPostgres, StartError, supervisor
from almoner_server.embedded.identity import choose_identity
from almoner_server.embedded.paths import Layout
from almoner_server.embedded.processes import PROC_TELLS, serving

from tests.embedded.machine import Supervisors, query, query_when_back, until


async def test_a_killed_postgres_comes_back_with_its_data(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        await query(pg.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
        for times in (1, 2, 3):
            assert pg.pid
            os.kill(pg.pid, signal.SIGKILL)
            assert await query_when_back(pg.dsn, "SELECT number FROM kept", 5) == 42
            await restarted(pg, times)


@pytest.mark.skipif(not PROC_TELLS, reason="nothing else than /proc finds such a backend")
async def test_a_backend_deep_in_a_computation_does_not_hinder_the_restart(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        connection = await asyncpg.connect(pg.dsn)
        computation = asyncio.ensure_future(
            connection.execute("SELECT count(*) FROM generate_series(1, 1e12::bigint)")
        )
        busy = "SELECT true FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1e12%' AND pid <> "
        await until(lambda: query(pg.dsn, f"{busy} pg_backend_pid()"), 5)
        assert pg.pid
        os.kill(pg.pid, signal.SIGKILL)
        assert await query_when_back(pg.dsn, "SELECT 1", 5) == 1
        with pytest.raises(asyncpg.PostgresConnectionError):
            await computation


@pytest.mark.skipif(not PROC_TELLS, reason="only Linux tells a child that its parent died")
async def test_a_killed_supervisor_leaves_no_orphan(data_dir: Path, supervisors: Supervisors) -> None:
    killed = supervisors.start(data_dir)
    dsn = killed.said()["dsn"]
    await query(dsn, "CREATE TABLE kept AS SELECT 42 AS number")
    killed.kill()
    await until(lambda: _is(serving(data_dir / "cluster") == []), 10)
    async with EmbeddedPostgres(data_dir) as pg:
        assert pg.dsn == dsn
        assert await query(pg.dsn, "SELECT number FROM kept") == 42


async def test_the_next_supervisor_need_not_wait_for_the_last_one_s_end(
    data_dir: Path, supervisors: Supervisors
) -> None:
    killed = supervisors.start(data_dir)
    await query(killed.said()["dsn"], "CREATE TABLE kept AS SELECT 42 AS number")
    killed.kill()
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT number FROM kept") == 42


async def test_an_initdb_that_was_killed_is_begun_again(data_dir: Path, supervisors: Supervisors) -> None:
    killed = supervisors.start(data_dir)
    await until(lambda: _is(any("global" in inside for inside in unfinished(data_dir).values())), 10)
    killed.kill()
    assert unfinished(data_dir)
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT 1") == 1
    assert not unfinished(data_dir)


async def test_what_a_dying_initdb_wrote_after_it_was_swept_goes_too(data_dir: Path) -> None:
    pg = EmbeddedPostgres(data_dir)
    starting = asyncio.create_task(pg.start())
    await until(lambda: _is(unfinished(data_dir) != {}), 10)
    (data_dir / "cluster.new-dying").mkdir()
    await starting
    try:
        assert not unfinished(data_dir)
    finally:
        await pg.stop()


@pytest.mark.parametrize("seconds", [0.02, 0.15, 0.5])
async def test_a_cancelled_start_leaves_nothing_running_and_can_be_repeated(
    data_dir: Path, seconds: float
) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(EmbeddedPostgres(data_dir).start(), seconds)
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT 1") == 1
    assert serving(data_dir / "cluster") == []
    assert not unfinished(data_dir)


async def test_a_postgres_that_lost_its_supervisor_is_shut_down_first(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        await query(pg.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
    # What a supervisor killed on a system without PDEATHSIG leaves: PostgreSQL running, the lock free.
    layout = Layout.of(data_dir)
    identity = choose_identity(layout, pg.binaries)
    options = ("-D", layout.cluster, "-k", layout.socket_dir, "-c", "listen_addresses=")
    orphan = await asyncio.create_subprocess_exec(
        *identity.command(layout.root, pg.binaries.postgres, *options), stderr=asyncio.subprocess.DEVNULL
    )
    assert await query_when_back(pg.dsn, "SELECT number FROM kept", 10) == 42
    async with EmbeddedPostgres(data_dir) as pg:
        assert await asyncio.wait_for(orphan.wait(), 5) == 0
        assert await query(pg.dsn, "SELECT number FROM kept") == 42


async def test_a_process_id_that_now_belongs_to_another_program_does_not_hinder_the_start(
    data_dir: Path,
) -> None:
    async with EmbeddedPostgres(data_dir):
        pass
    mine = f"{os.getpid()}\n{data_dir}/cluster\n1\n5432\n{data_dir}/run\n\n"
    (data_dir / "cluster" / "postmaster.pid").write_text(mine)
    (data_dir / "run" / ".s.PGSQL.5432.lock").write_text(mine)
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT 1") == 1


async def test_an_empty_pid_file_does_not_hinder_the_start(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir):
        pass
    (data_dir / "cluster" / "postmaster.pid").touch()
    async with EmbeddedPostgres(data_dir) as pg:
        assert await query(pg.dsn, "SELECT 1") == 1


async def test_a_postgres_that_cannot_come_back_is_given_up_with_its_last_words(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "MAX_ATTEMPTS", 3)
    async with EmbeddedPostgres(data_dir) as pg:
        (data_dir / "cluster" / "global" / "pg_control").unlink()
        assert pg.pid
        os.kill(pg.pid, signal.SIGKILL)
        with pytest.raises(StartError, match=r"(?s)in 3 attempts.*pg_control"):
            await asyncio.wait_for(pg.wait_exit(), 20)


def unfinished(data_dir: Path) -> dict[str, list[str]]:
    """What initdb has made so far, under its temporary names."""
    return {path.name: [inside.name for inside in path.iterdir()] for path in data_dir.glob("cluster.new-*")}


async def restarted(pg: EmbeddedPostgres, times: int) -> None:
    await until(lambda: _is(pg.restarts == times), 5)


async def _is(condition: bool) -> bool | None:
    return condition or None
