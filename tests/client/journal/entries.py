"""Commits that wait in a journal before anybody sends them, and somebody who keeps all others from writing."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from almoner import Journal, new_id
from almoner.journal.book import Book
from almoner.journal.file import NAME
from almoner.v1.quota_service_pb2 import CommitRequest


def waiting_commit(user: str, attributes: Mapping[str, str] | None = None) -> CommitRequest:
    """Make the request of a direct charge of one token."""
    request = CommitRequest(namespace="default", charge_id=new_id(), attributes=attributes)
    request.subject.user = user
    request.amounts["tokens"] = 1
    return request


def leave(directory: Path, *requests: CommitRequest) -> list[str]:
    """Leave commits in a journal; give their ids."""
    book = Book(Journal(directory))
    try:
        book.append(requests, sending=False).result()
    finally:
        book.close()
    return [request.charge_id for request in requests]


@contextmanager
def someone_writing(directory: Path) -> Iterator[None]:
    """Keep all others from writing to a journal while the block runs."""
    writer = sqlite3.connect(directory / NAME, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        writer.execute("ROLLBACK")
        writer.close()
