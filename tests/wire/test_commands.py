"""`almoner migrate` and `almoner verify`, on a database that is given and on the embedded one."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path

import asyncpg
import pytest
from almoner import Client
from almoner.cli.exits import ExitCode
from almoner_server.config import place_of

from tests.support.postgres import Postgres
from tests.support.server import ALMONER, authority, server_process


async def run(command: str, *options: str) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(*ALMONER, command, *options, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def test_migrate_says_what_it_did(postgres: Postgres) -> None:
    dsn = await postgres.create_database(migrated=False)
    assert await run("migrate", "--database-url", dsn) == (
        0,
        "Applied 0001_authority, 0002_pool_fillings.\n",
        "",
    )
    assert await run("migrate", "--database-url", dsn) == (0, "The schema is up to date.\n", "")


async def test_verify_finds_nothing_in_what_the_authority_wrote(database: str) -> None:
    async with authority(database) as server, Client(server.address) as quota:
        await quota.charge(user="u", tokens=5)
        code, output, _ = await run("verify", "--database-url", database)
    assert (code, output) == (0, "No difference in 1 account, 1 charge and 0 holds.\n")


async def test_verify_names_each_difference(database: str) -> None:
    async with authority(database) as server, Client(server.address) as quota:
        await quota.charge(user="u", tokens=5)
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE accounts SET open_estimates = 3")
    await connection.close()
    code, output, _ = await run("verify", "--database-url", database)
    assert code == ExitCode.DIFFERENCES
    assert output.splitlines() == [
        "default: USER u: open_estimates is 3, should be 0",
        "1 difference in 1 account, 1 charge and 0 holds.",
        "1 difference can be mended by --repair.",
    ]
    code, output, _ = await run("verify", "--database-url", database, "--json")
    (finding,) = json.loads(output)["findings"]
    assert (code, finding["expected"], finding["actual"]) == (ExitCode.DIFFERENCES, 0, 3)
    assert finding["repairable"]


async def test_verify_repairs_counters_and_says_what_is_left(database: str) -> None:
    async with authority(database) as server, Client(server.address) as quota:
        await quota.charge(user="u", chat="c", tokens=5)
        connection = await asyncpg.connect(database)
        await connection.execute(
            "UPDATE accounts SET open_estimates = 3, version = version + 1 WHERE id = 'u'"
        )
        code, output, _ = await run("verify", "--repair", "--database-url", database)
        lines = output.splitlines()
        assert (code, lines[0]) == (0, "default: USER u: open_estimates is 3, should be 0")
        assert lines[2] == "Repaired 1 row. What is left:"
        assert lines[3] == "No difference in 2 accounts, 1 charge and 0 holds."
        await connection.execute("UPDATE accounts SET open_unpriced = 1; DELETE FROM chats")
        await connection.close()
        code, output, _ = await run("verify", "--repair", "--json", "--database-url", database)
    outcome = json.loads(output)
    assert (code, outcome["repaired_rows"], len(outcome["findings"])) == (7, 2, 4)
    assert {left["kind"] for left in outcome["left"]} == {"account_of_unknown_chat", "charge_in_unknown_chat"}


async def test_verify_works_beside_a_running_embedded_database_and_without(tmp_path: Path) -> None:
    async with server_process("--data-dir", str(tmp_path)) as server, Client(server.address) as quota:
        await quota.charge(user="u", tokens=5)
        beside = await run("verify", "--data-dir", str(tmp_path))
    alone = await run("verify", "--data-dir", str(tmp_path))
    assert beside[:2] == alone[:2] == (0, "No difference in 1 account, 1 charge and 0 holds.\n")


@pytest.mark.parametrize("command", ["migrate", "verify"])
async def test_a_database_that_is_away_is_told_in_one_line(command: str, tmp_path: Path) -> None:
    code, _, errors = await run(command, "--database-url", f"postgresql://u@/d?host={tmp_path}")
    assert code == 1
    assert errors.startswith("almoner: the store is unavailable")
    assert errors.endswith(f" (PostgreSQL at {tmp_path})\n")
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://me:secret@127.0.0.1:1/d", "127.0.0.1:1"),
        ("postgresql://me:secret@127.0.0.1:1,127.0.0.1:2/d", "127.0.0.1:1, 127.0.0.1:2"),
        ("postgresql://me:secret@/d?host=127.0.0.1&port=1", "127.0.0.1:1"),
    ],
)
async def test_a_database_that_cannot_be_reached_is_named_without_its_password(dsn: str, place: str) -> None:
    code, _, errors = await run("migrate", "--database-url", dsn)
    assert (code, errors.endswith(f" (PostgreSQL at {place})\n")) == (1, True), errors
    assert "secret" not in errors


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://db.internal/almoner", "db.internal:5432"),
        ("postgresql://[::1]/almoner", "[::1]:5432"),
        ("postgresql:///almoner", "the usual place"),
    ],
)
def test_the_usual_port_is_named_too(dsn: str, place: str) -> None:
    assert place_of(dsn) == place


async def test_verify_makes_no_database_where_there_is_none(tmp_path: Path) -> None:
    code, _, errors = await run("verify", "--data-dir", str(tmp_path))
    assert (code, "there is nothing to verify" in errors) == (1, True)
    assert not (tmp_path / "cluster").exists()
