"""The groups that an administrator has put users in. Checks count these with the groups they name."""

from collections.abc import Iterable

from almoner_server.store.connect import Database
from almoner_server.store.namespace_lock import locked_namespace, no_namespace
from almoner_server.store.queries import query


class UserGroups:
    """Reads and sets users' groups. Every method raises NAMESPACE_NOT_FOUND and StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, namespace: str, user: str) -> tuple[str, ...]:
        """Return the stored groups of a user, sorted. One never seen has none."""
        async with self._database.snapshot() as connection:
            row = await connection.fetchrow(query("read_user_groups"), namespace, user)
        if row is None:
            raise no_namespace(namespace)
        return tuple(row["groups"] or ())

    async def set(self, namespace: str, user: str, groups: Iterable[str]) -> tuple[str, ...]:
        """Put the user in these groups and no others; returns them sorted. In force as a limit change is."""
        wanted = tuple(sorted(set(groups)))
        async with locked_namespace(self._database, namespace) as locked:
            if wanted:
                await locked.connection.execute(query("put_user_groups"), namespace, user, wanted)
            else:
                await locked.connection.execute(query("delete_user_groups"), namespace, user)
            await locked.bump(rules=False)
        return wanted
