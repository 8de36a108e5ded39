"""A failure in the journal is that of one caller, for once: others get on, and so does the delivery."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from almoner import Client, Journal, JournalError
from almoner.journal.book import Book
from almoner.v1.quota_service_pb2 import BatchCommitResponse

from tests.client.journal.callers import counts, until_empty
from tests.client.journal.entries import leave, someone_writing, waiting_commit
from tests.client.script import ScriptedServer


@pytest.fixture
def unreadable(tmp_path: Path) -> Iterator[Path]:
    """Give the mark of a client that is sending, of which nobody can tell whether it is gone."""
    sender = Book(Journal(tmp_path))
    sender.append([waiting_commit("u-1")], sending=True).result()
    (mark,) = tmp_path.glob("owner-*.lock")
    mark.unlink()
    mark.mkdir()
    yield mark
    if mark.exists():
        mark.rmdir()
    sender.close()


def test_one_that_fails_does_not_fail_who_shares_its_transaction(unreadable: Path, tmp_path: Path) -> None:
    book = Book(Journal(tmp_path))
    with someone_writing(tmp_path):
        first = book.append([waiting_commit("u-2")], sending=False)
        failing = book.adopt()
        beside = book.append([waiting_commit("u-3")], sending=False)
    assert isinstance(failing.exception(10), JournalError)
    assert str(tmp_path) in str(failing.exception())
    assert len(first.result(10)) == len(beside.result(10)) == 1
    book.close()
    assert counts(tmp_path) == {"SENDING": 1, "WAITING": 2}


def test_what_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def add_and_fail(db: sqlite3.Connection) -> None:
        db.execute("UPDATE entries SET dead = 1")
        raise OSError("no more files")

    leave(tmp_path, waiting_commit("u-1"))
    book = Book(Journal(tmp_path))
    with someone_writing(tmp_path):
        first = book.append([waiting_commit("u-2")], sending=False)
        failing = book._scribe.submit(add_and_fail)
        beside = book.append([waiting_commit("u-3")], sending=False)
    assert isinstance(failing.exception(10), JournalError)
    assert len(first.result(10)) == len(beside.result(10)) == 1
    book.close()
    assert counts(tmp_path) == {"WAITING": 3}


async def test_the_delivery_survives_what_the_directory_fails_at_and_says_so_once(
    unreadable: Path, server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(server.address, journal=tmp_path) as quota:
        async with asyncio.timeout(30):
            while "cannot be used" not in caplog.text:
                assert not (await quota.charge(user="u-2", tokens=1)).pending
        await asyncio.to_thread(unreadable.rmdir)
        await until_empty(tmp_path)
    assert [commit.subject.user for batch in server.sent("BatchCommit") for commit in batch.requests] == [
        "u-1"
    ]
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1


async def test_the_delivery_survives_an_answer_that_makes_no_sense(
    server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave(tmp_path, waiting_commit("u-1"))
    server.script("BatchCommit", *[BatchCommitResponse()] * 3)
    async with Client(server.address, journal=tmp_path):
        await until_empty(tmp_path)
    assert len(server.sent("BatchCommit")) == 4
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
