"""Plant a corruption, and see what verify says of it."""

from almoner_server.store import Store

from tests.store.asking import Sql


async def findings(store: Store) -> list[tuple[str, str]]:
    """Return the kind of each finding and its words."""
    return [(finding.kind, str(finding)) for finding in (await store.upkeep.verify()).findings]


async def planted(store: Store, sql: Sql, statement: str, *values: object) -> list[tuple[str, str]]:
    """Return what verify finds once a statement is carried out that nobody should; before, it is nothing."""
    assert await findings(store) == []
    await sql.execute(statement, *values)
    return await findings(store)
