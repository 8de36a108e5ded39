"""The file: opening it, its tables, and what its errors mean.

SQLite in WAL mode with `synchronous=FULL`: a transaction that returned has been synced to disk, and one that
was torn by a crash is found by its checksum and counts as never made.
"""

import os
import sqlite3
import time
from pathlib import Path

from almoner.errors import JournalError, JournalFull

NAME = "journal.db"
VERSION = 2
BUSY_SECONDS = 5.0
"""How long to wait for another process that is writing."""
OPEN_PAUSE = 0.01
"""Seconds before the next try to open a file that others are opening."""
_LOG_PAGES = 256
"""The write-ahead log is folded into the file when it has grown to this (1 MiB)."""
_VERSIONS = (
    """
CREATE TABLE entries (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,     -- COMMIT or RELEASE
    charge      TEXT NOT NULL,     -- what the authority will know it by: namespace and id
    hold        TEXT NOT NULL,     -- namespace and id of the hold it is on, else empty
    request     BLOB NOT NULL,     -- the message, as it is sent
    checksum    INTEGER NOT NULL,  -- of `request`
    owner       TEXT NOT NULL,     -- who is sending it just now; empty: it waits
    dead        INTEGER NOT NULL DEFAULT 0,  -- 1: the authority refused it, for good
    attempts    INTEGER NOT NULL DEFAULT 0,
    error       TEXT NOT NULL DEFAULT '',
    create_time REAL NOT NULL
);
CREATE INDEX entries_charge ON entries (charge);
CREATE INDEX entries_hold ON entries (hold) WHERE hold <> '';
CREATE TABLE local_holds (
    hold        TEXT PRIMARY KEY,  -- namespace and id
    user        TEXT NOT NULL,
    totals      TEXT NOT NULL,     -- JSON, amounts by unit
    booked      TEXT NOT NULL,     -- the same, of its commits so far
    admit_time  REAL NOT NULL,
    expire_time REAL NOT NULL,
    open        INTEGER NOT NULL
);
CREATE TABLE local_spend (
    source      TEXT NOT NULL,     -- a hold as above, or the number of an entry
    account     TEXT NOT NULL,     -- namespace and user
    unit        TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    until       REAL NOT NULL,
    PRIMARY KEY (source, unit)
);
CREATE INDEX local_spend_account ON local_spend (account, unit);
""",
    """
-- The check that made a hold; empty: it was made before this.
ALTER TABLE local_holds ADD COLUMN request BLOB NOT NULL DEFAULT x'';
CREATE TABLE own_times (
    charge      TEXT PRIMARY KEY,  -- namespace and id
    occurred_at INTEGER,           -- microseconds since 1970, as the journal says it; null: it does not
    create_time REAL NOT NULL
) WITHOUT ROWID;
""",
)
"""What makes each version of the one before."""


def open_file(directory: Path, *, create: bool = True) -> sqlite3.Connection:
    """Open the journal of a directory.

    Raises:
        JournalError: It cannot be opened, or is not a journal of this version.
    """
    try:
        if create:
            _make_directory(directory)
        mode = "rwc" if create else "rw"
        uri = f"{(directory / NAME).as_uri()}?mode={mode}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise journal_error(directory, error) from error
    try:
        _prepare_when_free(connection, directory)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise journal_error(directory, error) from error
        raise
    return connection


def _make_directory(directory: Path, mode: int = 0o700) -> None:
    """Make a directory, and those it is in; each new name is durable before the next. Others may do so, too."""
    if not directory.is_dir():
        _make_directory(directory.parent, 0o777)
        directory.mkdir(mode, exist_ok=True)
        sync_directory(directory.parent)


def _prepare_when_free(connection: sqlite3.Connection, directory: Path) -> None:
    """Prepare the file, again while others open or close it: for the change to WAL SQLite does not wait itself."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return _prepare(connection, directory)
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > give_up:
                raise
            connection.rollback()
            time.sleep(OPEN_PAUSE)


def _prepare(connection: sqlite3.Connection, directory: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < VERSION:
        for statement in "".join(_VERSIONS[version:]).split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    if version > VERSION:
        raise JournalError(
            f"the journal in {directory} is of version {version}; this is for version {VERSION}"
        )
    if version == 0:
        sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Make new names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def used_bytes(connection: sqlite3.Connection) -> int:
    """Tell how much of the file is in use: what was deleted is used again."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def journal_error(directory: Path, error: Exception) -> JournalError:
    """Say what an error of the file or its directory means for the journal."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return JournalFull(f"the journal in {directory} cannot grow: the disk is full")
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return JournalError(f"the journal in {directory} is damaged: {NAME}: {error}")
    return JournalError(f"the journal in {directory} cannot be used: {error}")
