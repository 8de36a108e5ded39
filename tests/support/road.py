"""The way from a server to its database, which a test can close."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg


class Road:
    """Leads to the database: a link to the directory of its socket, that can be cut and laid again."""

    def __init__(self, database: str, link: Path) -> None:
        self._database = database
        self._link = link
        host = parse_qs(urlsplit(database).query)["host"][0]
        self._socket_dir = Path(host)
        self.dsn = database.replace(host, str(link))

    def lay(self) -> None:
        self._link.symlink_to(self._socket_dir)

    async def cut(self) -> None:
        self._link.unlink()
        connection = await asyncpg.connect(self._database)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.close()
