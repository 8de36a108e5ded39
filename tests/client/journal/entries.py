"""Commits that wait in a journal before anybody sends them."""

from collections.abc import Mapping
from pathlib import Path

from almoner import Journal, new_id
from almoner.journal.book import Book
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
