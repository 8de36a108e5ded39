"""Split a stream into the pieces that a protocol is made of, without understanding more of it than that."""

from collections.abc import Callable, Iterator

SIMPLE_QUERY, PARSE, BIND, SYNC = b"Q", b"P", b"B", b"S"
COMMAND_COMPLETE, PORTAL_SUSPENDED = b"C", b"s"
DATA = 0
Match = Callable[[bytes, bytes], bool]
"""Looks at a piece and at the latest question asked on its connection."""


class Pieces:
    """Cuts a stream where its pieces end. `length` tells how long a piece is, from its first `head` bytes."""

    def __init__(self, first: int, head: int, length: Callable[[bytes], int]) -> None:
        self._first = first
        self._head = head
        self._length = length
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what has arrived and give every piece that is complete now."""
        self._rest += data
        while (size := self._size()) and len(self._rest) >= size:
            piece = bytes(self._rest[:size])
            del self._rest[:size]
            self._first = 0
            yield piece

    def _size(self) -> int:
        """Return how long the next piece is, 0 if that is not known yet."""
        if self._first > 0:
            return self._first
        start = bytes(self._rest)
        if self._first < 0:  # a first piece that begins with its own length
            return int.from_bytes(start[:4]) if len(start) >= 4 else 0
        return self._length(start) if len(start) >= self._head else 0


def http2_from_client() -> Pieces:
    """Split what a gRPC client sends: the connection's preface, then frames."""
    return Pieces(24, 9, _http2_length)


def http2_from_server() -> Pieces:
    """Split what a gRPC server sends."""
    return Pieces(0, 9, _http2_length)


def postgres_from_client() -> Pieces:
    """Split what a client of PostgreSQL sends: the startup message has no type, all others have."""
    return Pieces(-1, 5, _postgres_length)


def postgres_from_server() -> Pieces:
    """Split what PostgreSQL sends."""
    return Pieces(0, 5, _postgres_length)


def is_body(piece: bytes, _: bytes = b"") -> bool:
    """Tell whether an HTTP/2 frame carries a request or an answer."""
    return len(piece) > 9 and piece[3] == DATA


def is_question(piece: bytes) -> bool:
    """Tell whether a message to PostgreSQL says what is to be done, in either of its protocols."""
    return piece[:1] in (SIMPLE_QUERY, PARSE, BIND)


def asks(word: bytes) -> Match:
    """Match a statement that contains a word."""
    return lambda piece, _: piece[:1] in (SIMPLE_QUERY, PARSE) and word in piece


def binds(word: bytes = b"", without: bytes | None = None) -> Match:
    """Match the arguments of a prepared statement, by a word that must be among them and one that must not."""
    return lambda piece, _: piece[:1] == BIND and word in piece and (without is None or without not in piece)


def ends(question: Match) -> Match:
    """Match the message after which PostgreSQL carries a statement out: all of it has been sent then."""
    return lambda piece, asked: piece[:1] == SYNC and question(asked, b"")


def has_done(question: Match) -> Match:
    """Match PostgreSQL's word that a statement is carried out; one outside a transaction is committed then.

    That word is another one where only so many rows were asked for, and there are as many.
    """
    return lambda piece, asked: piece[:1] in (COMMAND_COMPLETE, PORTAL_SUSPENDED) and question(asked, b"")


def _http2_length(head: bytes) -> int:
    return 9 + int.from_bytes(head[:3])


def _postgres_length(head: bytes) -> int:
    return 1 + int.from_bytes(head[1:5])
