"""Run an EmbeddedPostgres in a process of its own, which tells its DSN and ends with its standard input."""

import asyncio
import json
import os
import sys
from pathlib import Path

from almoner_server.embedded import EmbeddedPostgres


async def main() -> None:
    async with EmbeddedPostgres(Path(sys.argv[1])) as pg:
        print(json.dumps({"dsn": pg.dsn, "pid": pg.pid, "uid": os.geteuid()}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
