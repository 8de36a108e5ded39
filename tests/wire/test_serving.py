"""How a server starts: what it listens on, which settings it takes, and what it says if it cannot."""

import socket
from pathlib import Path

import pytest
from almoner import Client

from tests.support.postgres import Postgres
from tests.support.server import launch, run_server, server_process


async def test_a_server_runs_its_own_database_and_finds_it_again(tmp_path: Path) -> None:
    for spent in (0, 1):
        async with server_process("--data-dir", str(tmp_path)) as server, Client(server.address) as quota:
            assert str(tmp_path) in server.first_line
            assert [charge.amounts async for charge in quota.admin.list_charges()] == [{"tokens": 1}] * spent
            await quota.charge(user="u", tokens=1)


async def test_only_the_log_is_written_when_the_own_database_is_made_and_started(tmp_path: Path) -> None:
    server = await run_server("--data-dir", str(tmp_path))
    code, errors = await server.terminate()
    lines = errors.splitlines()
    assert (code, len(lines)) == (0, 2), errors
    assert all(" INFO almoner_server." in line for line in lines)


async def test_it_listens_on_a_unix_socket(database: str, tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/almoner.sock"
    async with server_process("--database-url", database, listen=address) as server:
        assert server.address == address
        async with Client(address) as quota:
            assert (await quota.check(user="u")).allowed
        process = await launch("--listen", address, "--database-url", database)
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (
            1,
            f"almoner: cannot listen on {address}: another process does\n",
        )


async def test_a_taken_port_is_told_in_one_line(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = await launch("--listen", address, "--database-url", database)
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode() == f"almoner: cannot listen on {address}: Address already in use\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--lanes", "0"), "'--lanes' (env var: 'ALMONER_LANES'): 0 is not in the range 1<=x<=64"),
        (("--on-store-failure", "maybe"), "'maybe' is not one of 'deny', 'allow'"),
        (("--listen", "nowhere"), "cannot listen on 'nowhere': give host:port"),
        (("--listen", "127.0.0.1:70000"), "with a port of 0 to 65535"),
        (
            ("--listen", "127.0.0.1:0", "--database-url", "not a dsn"),
            "'--database-url' (env var: 'ALMONER_DATABASE_URL'): what is given is no DSN of a PostgreSQL",
        ),
        (("--database-url", "mysql://me:secret@x/y"), "mysql://... is no DSN of a PostgreSQL"),
        (("--database-url", "mysql://x/y", "--workers", "2"), "mysql://... is no DSN of a PostgreSQL"),
        (("--database-url", "postgresql://me:secret@x:y/z"), "--database-url is no DSN of a PostgreSQL"),
        (("--database-url", ""), "nothing is no DSN of a PostgreSQL: give postgresql://..., or leave it out"),
        (("--listen", "nowhere", "--workers", "2"), "with a port of 0 to 65535, or unix:path"),
        (("--listen", "unix:"), "cannot listen on 'unix:': give a path, as unix:/run/almoner.sock"),
        (("--listen", "unix:s", "--workers", "2"), "cannot listen on unix:s with several workers"),
        (
            ("--metrics-listen", "nowhere"),
            "'ALMONER_METRICS_LISTEN'): cannot listen on 'nowhere': give host:port with a port of 0 to 65535 (see",
        ),
    ],
)
async def test_a_wrong_setting_is_named_with_its_bounds(options: tuple[str, ...], complaint: str) -> None:
    process = await launch(*options)
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert complaint in errors.decode()
    assert errors.decode().count("\n") == 1
    assert "secret" not in errors.decode()


async def test_options_win_over_the_environment_and_this_over_a_file(database: str, tmp_path: Path) -> None:
    file = tmp_path / "almoner.toml"
    file.write_text(f'database_url = "{database}"\nlog_level = "ERROR"\nlanes = 0\ngrace = -1\n')
    environment = {
        "ALMONER_CONFIG": str(file),
        "ALMONER_LANES": "2",
        "ALMONER_GRACE": "1",
        "ALMONER_LOG_LEVEL": "nonsense",
    }
    server = await run_server("--log-level", "INFO", environment=environment)
    assert await server.terminate() == (0, "")


async def test_a_file_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "almoner.toml"
    file.write_text("lane = 3\n")
    process = await launch("--config", str(file))
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert "no setting is called lane" in errors.decode()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("lanes = 2.5", "lanes: 2.5 is not a whole number, such as 4"),
        ("lanes = true", "lanes: True is not a whole number, such as 4"),
        ("grace = true", "grace: True is not a number, such as 4 or 2.5"),
        ("listen = 5", 'listen: 5 is not text in quotes, such as "..."'),
        ('test_clock = "no"', "test_clock: 'no' is not true or false"),
    ],
)
async def test_a_value_of_another_kind_in_a_file_is_refused(
    tmp_path: Path, line: str, complaint: str
) -> None:
    file = tmp_path / "almoner.toml"
    file.write_text(f"{line}\n")
    process = await launch("--config", str(file))
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert f"{file}: {complaint}" in errors.decode()


async def test_an_empty_database_is_refused_unless_it_may_be_migrated(postgres: Postgres) -> None:
    dsn = await postgres.create_database(migrated=False)
    process = await launch("--listen", "127.0.0.1:0", "--database-url", dsn)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert "run `almoner migrate`" in errors.decode()
    migrating = server_process("--database-url", dsn, "--auto-migrate")
    async with migrating as server, Client(server.address) as quota:
        assert (await quota.check(user="u")).allowed
