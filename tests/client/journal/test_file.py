"""The journal on its disk: full, unwritable, damaged, torn."""

import sqlite3
from pathlib import Path

import pytest
from almoner import Client, Journal, JournalError, JournalFull, RetryPolicy, new_id
from almoner.journal.book import Book
from almoner.journal.file import NAME
from almoner.v1 import quota_service_pb2 as quota

from tests.client.journal.callers import counts, look
from tests.client.script import ScriptedServer

ONCE = RetryPolicy(attempts=1)
NOBODY = "127.0.0.1:1"


def request(**fields: str) -> quota.CommitRequest:
    commit = quota.CommitRequest(namespace="default", charge_id=new_id(), attributes=fields)
    commit.subject.user = "u-1"
    commit.amounts["tokens"] = 1
    return commit


async def fill(client: Client) -> tuple[int, JournalFull]:
    for told in range(2_000):
        try:
            await client.charge(user="u-1", tokens=1, attributes={"note": "x" * 1_000})
        except JournalFull as error:
            return told, error
    raise AssertionError("never full")


def size_on_disk(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


async def test_full_it_says_so_with_directory_size_and_limit_and_keeps_what_it_has(tmp_path: Path) -> None:
    small = Journal(tmp_path, max_bytes=150_000)
    async with Client(NOBODY, journal=small, retry=ONCE, timeout=1) as client:
        told, caught = await fill(client)
    text = str(caught)
    assert str(tmp_path) in text
    assert "150000 bytes" in text
    assert "bytes are in use" in text
    assert "not book it either" in text
    assert counts(tmp_path) == {"WAITING": told}
    assert size_on_disk(tmp_path) < 3 * 150_000 + (1 << 20)


async def test_full_with_the_authority_there_a_commit_is_booked_all_the_same(
    server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = Book(Journal(tmp_path))
    for _ in range(100):
        book.append([request(note="x" * 1_000)], sending=False).result()
    async with Client(server.address, journal=Journal(tmp_path, max_bytes=65_536)) as client:
        answer = await client.charge(user="u-1", tokens=1)
        assert not answer.pending
    book.close()
    assert "is full" in caplog.text


async def test_room_that_was_emptied_is_used_again(server: ScriptedServer, tmp_path: Path) -> None:
    small = Journal(tmp_path, max_bytes=100_000)
    async with Client(server.address, journal=small, retry=ONCE) as client:
        for _ in range(400):
            assert not (await client.charge(user="u", tokens=1, attributes={"note": "x" * 1_000})).pending


async def test_once_delivered_a_full_journal_takes_as_much_again(tmp_path: Path) -> None:
    small = Journal(tmp_path, max_bytes=150_000)
    async with Client(NOBODY, journal=small, retry=ONCE, timeout=1) as client:
        told, _ = await fill(client)
    with ScriptedServer() as server:
        async with Client(server.address, journal=small) as client:
            await client.replay_journal()
    async with Client(NOBODY, journal=small, retry=ONCE, timeout=1) as client:
        again, _ = await fill(client)
    assert again > 0.9 * told


def test_too_small_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="max_bytes: 10 is below 65536"):
        Journal("j", max_bytes=10)


@pytest.mark.parametrize("place", ["a file", "a file/below", "/proc/nowhere"])
def test_a_directory_that_cannot_be_is_told_at_once(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    directory = tmp_path / place
    with pytest.raises(JournalError, match="cannot be used") as caught:
        Client(NOBODY, journal=directory)
    assert str(directory) in str(caught.value)


def test_what_is_no_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"something else " * 1_000)
    with pytest.raises(JournalError, match="is damaged") as caught:
        Client(NOBODY, journal=tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_journal_of_another_version_is_told(tmp_path: Path) -> None:
    Book(Journal(tmp_path)).close()
    with sqlite3.connect(tmp_path / NAME) as file:
        file.execute("PRAGMA user_version = 9")
    file.close()
    with pytest.raises(JournalError, match="version 9"):
        Client(NOBODY, journal=tmp_path)


async def test_a_disk_that_fails_later_is_told_if_the_authority_is_away_too(tmp_path: Path) -> None:
    async with Client(NOBODY, journal=tmp_path, retry=ONCE, timeout=1) as client:
        await client.charge(user="u-1", tokens=1)
        other = sqlite3.connect(tmp_path / NAME, isolation_level=None)
        other.execute("DROP TABLE entries")
        other.close()
        with pytest.raises(JournalError, match="cannot be used") as caught:
            await client.charge(user="u-1", tokens=1)
    assert str(tmp_path) in str(caught.value)


async def test_a_record_damaged_on_disk_is_never_sent(server: ScriptedServer, tmp_path: Path) -> None:
    book = Book(Journal(tmp_path))
    book.append([request(), request(), request()], sending=False).result()
    book.close()
    with sqlite3.connect(tmp_path / NAME) as file:
        (payload,) = file.execute("SELECT request FROM entries WHERE number = 2").fetchone()
        changed = payload.replace(b"tokens\x10\x01", b"tokens\x10\x09")
        assert changed != payload
        file.execute("UPDATE entries SET request = ? WHERE number = 2", (changed,))
    file.close()
    async with Client(server.address, journal=tmp_path) as client:
        report = await client.replay_journal()
    (dead,) = look(tmp_path).entries
    assert (dead.number, dead.request) == (2, None)
    assert "damaged" in dead.error
    assert report.dead in (0, 1)  # the client itself may have been first
    assert sum(len(batch.requests) for batch in server.sent("BatchCommit")) == 2


@pytest.mark.parametrize("cut", [1, 100, 4_000, 5_000])
def test_a_write_torn_by_a_crash_is_dropped_and_what_was_told_before_is_whole(
    cut: int, tmp_path: Path
) -> None:
    """The log as a crash leaves it: cut within the last transaction, whose fsync had not returned."""
    book, crashed = Book(Journal(tmp_path / "whole")), tmp_path / "crashed"
    for _ in range(3):
        book.append([request()], sending=False).result()
    log = tmp_path / "whole" / f"{NAME}-wal"
    acknowledged = log.stat().st_size
    book.append([request()], sending=False).result()
    torn = log.read_bytes()[:-cut]
    assert acknowledged < len(torn)
    crashed.mkdir()
    (crashed / NAME).write_bytes((tmp_path / "whole" / NAME).read_bytes())
    (crashed / f"{NAME}-wal").write_bytes(torn)
    book.close()
    assert counts(crashed) == {"WAITING": 3}


def test_every_append_is_synced(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x")
    connection.close()
    book = Book(Journal(tmp_path))
    mode, level = book._scribe.submit(
        lambda db: (
            db.execute("PRAGMA journal_mode").fetchone()[0],
            db.execute("PRAGMA synchronous").fetchone()[0],
        )
    ).result()
    book.close()
    assert (mode, level) == ("wal", 2)


def test_a_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    Book(Journal(directory)).close()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in directory.iterdir()] == [NAME]  # nothing of a closed client stays
