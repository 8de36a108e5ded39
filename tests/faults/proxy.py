"""A road between two processes that can be cut, at the piece of a conversation that a trap waits for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from tests.faults.pieces import (
    Match,
    Pieces,
    http2_from_client,
    http2_from_server,
    is_question,
    postgres_from_client,
    postgres_from_server,
)

CHUNK = 65536
Sides = tuple[Callable[[], Pieces], Callable[[], Pieces]]
GRPC: Sides = (http2_from_client, http2_from_server)
POSTGRES: Sides = (postgres_from_client, postgres_from_server)


class Way(Enum):
    """Names a direction."""

    UP = auto()
    """From the client to the server."""
    DOWN = auto()


class Act(Enum):
    """Names what happens to the connection of the piece."""

    CUT = auto()
    """The piece does not arrive; both ends see the connection break."""
    CUT_AFTER = auto()
    """The piece arrives; then both ends see the connection break."""
    TEAR = auto()
    """Half of the piece arrives; then both ends see the connection break."""
    HALF_OPEN = auto()
    """The piece does not arrive; the client sees the connection break, the server hears nothing any more."""
    SWALLOW = auto()
    """The piece and all that follows, either way, does not arrive; both ends believe in the connection."""
    SWALLOW_AFTER = auto()
    """As SWALLOW, but the piece arrives."""


@dataclass
class Trap:
    """Waits for pieces; each `every`th that matches springs it, `times` in all. `sprung` counts."""

    way: Way
    matches: Match
    act: Act
    times: int = 1
    every: int = 1
    then: Callable[[], Awaitable[None]] | None = None
    """Done in the moment it springs, before anything happens to the piece."""
    seen: int = 0
    sprung: int = 0

    def springs(self, way: Way, piece: bytes, question: bytes) -> bool:
        """Tell whether this piece springs it."""
        if way is not self.way or self.sprung >= self.times or not self.matches(piece, question):
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.sprung += 1
        return True

    async def exhausted(self, seconds: float = 60.0) -> None:
        """Wait until it has sprung as often as it may. Fails if it does not."""
        async with asyncio.timeout(seconds):
            while self.sprung < self.times:  # noqa: ASYNC110 - the pumps count, and wait for nobody
                await asyncio.sleep(0.02)


@dataclass
class Talk:
    """Remembers the latest question that was asked on a connection to PostgreSQL."""

    question: bytes = b""


class Road:
    """Listens on a TCP port and connects each caller to the other side. One trap is set at a time."""

    def __init__(self, sides: Sides, there: str | Path) -> None:
        self._sides = sides
        self._there = there
        self._links: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.trap: Trap | None = None
        self.host, self.port = "127.0.0.1", 0

    @property
    def address(self) -> str:
        """Return where it begins."""
        return f"{self.host}:{self.port}"

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut everything."""
        assert self._server is not None
        self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._links.discard(link)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await self._dial()
        up, down = (side() for side in self._sides)
        talk = Talk()
        pumps = {
            asyncio.create_task(self._pump(Way.UP, talk, up, reader, there_writer)),
            asyncio.create_task(self._pump(Way.DOWN, talk, down, there_reader, writer)),
        }
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            act = next((pump.result() for pump in done if not pump.exception()), None)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            if act is Act.HALF_OPEN:
                writer.transport.abort()
            if act in (Act.HALF_OPEN, Act.SWALLOW, Act.SWALLOW_AFTER):
                await asyncio.Event().wait()  # until the road is closed: nobody is told anything
        finally:
            for pump in pumps:
                pump.cancel()
            there_writer.transport.abort()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._there, Path):
            return await asyncio.open_unix_connection(str(self._there))
        host, _, port = self._there.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _pump(
        self,
        way: Way,
        talk: "Talk",
        pieces: Pieces,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> Act | None:
        """Carry pieces until one end closes or a trap springs; returns what is to happen to the connection."""
        while data := await reader.read(CHUNK):
            for piece in pieces.feed(data):
                if way is Way.UP and is_question(piece):
                    talk.question = piece
                trap = self.trap
                if trap is None or not trap.springs(way, piece, talk.question):
                    writer.write(piece)
                    continue
                if trap.then is not None:
                    await trap.then()
                await _deliver(writer, _what_arrives(trap.act, piece))
                return trap.act
            await writer.drain()
        return None


def _what_arrives(act: Act, piece: bytes) -> bytes:
    if act in (Act.CUT_AFTER, Act.SWALLOW_AFTER):
        return piece
    return piece[: len(piece) // 2] if act is Act.TEAR else b""


async def _deliver(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send all there is to send, so that breaking the connection takes nothing of it back."""
    writer.write(data)
    with suppress(OSError):
        await writer.drain()
    while writer.transport.get_write_buffer_size():  # noqa: ASYNC110 - drain leaves what is below its mark
        await asyncio.sleep(0.001)


@asynccontextmanager
async def road(sides: Sides, there: str | Path) -> AsyncIterator[Road]:
    """Lay a road to an address, or to the Unix socket of a path, while the block runs."""
    laid = Road(sides, there)
    await laid.open()
    try:
        yield laid
    finally:
        await laid.close()
