"""Migrations: applied once whoever comes first, by an ordinary owner, never over a schema unknown to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from almoner_server.store import SchemaMismatch, Store, StoreOptions
from almoner_server.store.migrate import check_schema, migrate, migrations

from tests.store.asking import checked, hold, set_limit
from tests.support.postgres import Postgres

OPTIONS = StoreOptions()
NAMES = [migration.name for migration in migrations()]


@pytest.fixture
async def empty(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.create_database(migrated=False)
    yield dsn
    await postgres.drop_database(dsn)


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def test_several_processes_at_once_apply_each_migration_once(empty: str) -> None:
    applied = await asyncio.gather(*(migrate(empty, OPTIONS) for _ in range(4)))
    assert sorted(applied) == [[], [], [], NAMES]
    await check_schema(empty, OPTIONS)


async def test_an_ordinary_owner_can_migrate_and_serve(postgres: Postgres) -> None:
    await postgres.create_role("keeper")
    dsn = await postgres.create_database(migrated=False, owner="keeper")
    store = await Store.open(dsn)
    try:
        assert await store.migrate() == NAMES
        await set_limit(store, 5)
        assert not (await checked(store, hold(6))).decision.allowed
    finally:
        await store.close()
        await postgres.drop_database(dsn)


async def test_a_server_that_does_not_migrate_says_what_to_do(empty: str) -> None:
    with pytest.raises(SchemaMismatch, match="almoner migrate"):
        await check_schema(empty, OPTIONS)


@pytest.mark.parametrize("act", [migrate, check_schema])
@pytest.mark.parametrize(
    ("tampering", "complaint"),
    [
        ("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_future', '')", "later version"),
        ("UPDATE schema_migrations SET checksum = 'other'", "differs"),
    ],
)
async def test_a_schema_of_others_is_refused(
    database: str, act: Callable[[str, StoreOptions], Awaitable[object]], tampering: str, complaint: str
) -> None:
    await execute(database, tampering)
    with pytest.raises(SchemaMismatch, match=complaint):
        await act(database, OPTIONS)


async def test_a_failed_migration_leaves_nothing_behind(empty: str) -> None:
    await execute(
        empty, "CREATE VIEW account_balances AS SELECT 1"
    )  # in the way of the first migration's last part
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate(empty, OPTIONS)
    await execute(empty, "DROP VIEW account_balances")
    assert await migrate(empty, OPTIONS) == NAMES
