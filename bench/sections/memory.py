"""What open holds take up."""

import asyncpg

from bench import servers
from bench.cpu import resident_bytes
from bench.figures import Better, Comparison, Figures
from bench.load.batches import Lifecycles
from bench.load.over_grpc import OverGrpc
from bench.schemes import raw
from bench.sections.base import Section
from bench.stage import Stage
from bench.traffic import Traffic

NAME = "memory"
USERS = 2000
MIB = 2**20
RESIDENT, STORED = "server MiB more", "database MiB more"


async def measure(stage: Stage, figures: Figures) -> None:
    """Open holds and look at what has grown. One round: the second would find memory that the first has left."""
    dsn, raw_dsn, holds = await stage.database(), await stage.database(), stage.scale.open_holds
    await raw.prepare(raw_dsn, USERS)
    traffic = Traffic(users=USERS)
    async with stage.noop() as floor, servers.almoner(dsn) as server:
        for one in (floor, server):
            opening = OverGrpc(one.address, traffic)
            await stage.run(Lifecycles(opening, USERS))  # what any work at all takes
            resident, stored = resident_bytes(one.pid), await _size(dsn)
            await stage.run(Lifecycles(opening, holds, settle=False))
            figures.add(NAME, RESIDENT, one.name, holds, (resident_bytes(one.pid) - resident) / MIB)
            if one is server:
                figures.add(NAME, STORED, one.name, holds, (await _size(dsn) - stored) / MIB)
    stored = await _size(raw_dsn)
    await stage.run(Lifecycles(raw.RawPostgres(raw_dsn, USERS, 1), holds, settle=False))
    figures.add(NAME, STORED, "raw PostgreSQL", holds, (await _size(raw_dsn) - stored) / MIB)


async def _size(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await connection.close()


SECTION = Section(
    name=NAME,
    title="Memory of open holds",
    scale="open holds",
    about="""\
Holds are opened in batches and left open. The server's resident memory and the size of the database are taken before
and after; the no-op server, which keeps nothing, shows what the calls alone leave behind, and raw PostgreSQL what the
same rows take.""",
    measure=measure,
    comparisons=(Comparison("almoner", STORED, "raw PostgreSQL", Better.LOWER, guarded=False),),
)
