"""`almoner journal`: what is kept here, delivering it, and giving up what was refused."""

import asyncio
from contextlib import closing
from pathlib import Path

from almoner import Journal, RetryPolicy, blocking, new_id
from almoner.journal.book import Book
from almoner_server.app import Authority

from tests.cli.conftest import Run, call

ONCE = RetryPolicy(attempts=1)


def leave(directory: Path, *users: str, namespace: str = "default") -> list[str]:
    """Leave a commit of each user in a journal."""
    ids = [new_id() for _ in users]
    with blocking.Client("127.0.0.1:1", journal=directory, namespace=namespace, retry=ONCE) as quota:
        for user, id_ in zip(users, ids, strict=True):
            quota.charge(user=user, chat="c1", usd="0.25", charge_id=id_)
    return ids


async def test_list_shows_what_waits(tmp_path: Path) -> None:
    (id_,) = await asyncio.to_thread(leave, tmp_path, "u-17")
    shown = await call("journal", "list", "--journal", str(tmp_path))
    assert shown.code == 0
    for word in ("u-17", "c1", "$0.25", id_, "waiting", "tried 1 time", "1 waiting", str(tmp_path)):
        assert word in shown.out
    document = (await call("journal", "list", "--json", ALMONER_JOURNAL=str(tmp_path))).json
    assert document["counts"] == {"SENDING": 0, "WAITING": 1, "DEAD": 0}
    (entry,) = document["entries"]
    assert entry["request"]["charge_id"] == id_
    assert (entry["kind"], entry["state"], entry["attempts"]) == ("COMMIT", "WAITING", 1)


async def test_list_of_an_empty_journal_and_of_none(tmp_path: Path) -> None:
    await asyncio.to_thread(leave, tmp_path)
    assert "nothing waits" in (await call("journal", "list", "--journal", str(tmp_path))).out
    nowhere = await call("journal", "list", "--journal", str(tmp_path / "x"))
    assert (nowhere.code, "does not exist" in nowhere.err) == (2, True)
    (tmp_path / "empty").mkdir()
    empty = await call("journal", "list", "--journal", str(tmp_path / "empty"))
    assert (empty.code, "cannot be used" in empty.err) == (1, True)


async def test_replay_delivers(almoner: Run, server: Authority, tmp_path: Path) -> None:
    ids = await asyncio.to_thread(leave, tmp_path, "u-1", "u-2")
    assert "delivered 2" in (await almoner("journal", "replay", "--journal", str(tmp_path))).out
    charges = (await almoner("ledger", "--json")).json["charges"]
    assert sorted(charge["id"] for charge in charges) == sorted(ids)
    again = await almoner("journal", "replay", "--journal", str(tmp_path), "--json")
    assert again.json == {"delivered": 0, "dead": 0, "left": 0}


async def test_replay_without_an_authority_says_so_and_keeps_it_all(tmp_path: Path) -> None:
    await asyncio.to_thread(leave, tmp_path, "u-1")
    failed = await call(
        "journal", "replay", "--journal", str(tmp_path), "--server", "127.0.0.1:1", "--timeout", "1s"
    )
    assert failed.code == 6
    assert failed.err.startswith("almoner: UNAVAILABLE")
    (entry,) = (await call("journal", "list", "--journal", str(tmp_path), "--json")).json["entries"]
    assert (entry["state"], entry["attempts"]) == ("WAITING", 2)


async def test_what_was_refused_is_listed_tried_again_and_dropped(
    almoner: Run, server: Authority, tmp_path: Path
) -> None:
    await asyncio.to_thread(leave, tmp_path, "u-1", namespace="nowhere")
    await asyncio.to_thread(leave, tmp_path, "u-2")
    journal = ("--journal", str(tmp_path))
    replayed = await almoner("journal", "replay", *journal)
    assert "delivered 1" in replayed.out
    assert "refused for good: 1" in replayed.out
    shown = await almoner("journal", "list", *journal)
    assert "dead" in shown.out
    assert "nowhere" in shown.out
    assert (await almoner("journal", "replay", "--dead", *journal, "--json")).json["dead"] == 1
    other = await almoner("journal", "drop", "99", *journal)
    assert (other.code, "99 is no dead entry" in other.err) == (5, True)
    assert (await almoner("journal", "drop", "1", *journal)).code == 0
    assert "nothing waits" in (await almoner("journal", "list", *journal)).out


async def test_what_can_be_dropped_is_and_the_exit_code_tells_that_not_all_could(tmp_path: Path) -> None:
    await asyncio.to_thread(leave, tmp_path, "u-1", "u-2")
    with closing(Book(Journal(tmp_path))) as book:
        book.bury([1, 2], "no such unit")
    journal = ("--journal", str(tmp_path))
    partly = await call("journal", "drop", "1", "99", *journal, "--json")
    assert (partly.code, partly.json) == (5, {"dropped": [1]})
    assert (await call("journal", "drop", "2", "2", *journal)).code == 0


async def test_a_long_journal_is_listed_up_to_the_limit(tmp_path: Path) -> None:
    await asyncio.to_thread(leave, tmp_path, "u-1", "u-2", "u-3")
    journal = ("--journal", str(tmp_path))
    document = (await call("journal", "list", "--limit", "2", *journal, "--json")).json
    assert [entry["number"] for entry in document["entries"]] == [1, 2]
    assert document["counts"]["WAITING"] == 3
    assert "raise --limit" in (await call("journal", "list", "--limit", "2", *journal)).err
    assert "raise --limit" not in (await call("journal", "list", "--limit", "3", *journal)).err


async def test_what_waits_is_dropped_only_if_told_so(tmp_path: Path) -> None:
    await asyncio.to_thread(leave, tmp_path, "u-1", "u-2")
    journal = ("--journal", str(tmp_path))
    refused = await call("journal", "drop", "1", *journal)
    assert (refused.code, "1 is no dead entry" in refused.err) == (5, True)
    assert (await call("journal", "drop", "1", "--waiting", *journal, "--json")).json == {"dropped": [1]}
    missing = await call("journal", "drop", "1", "--waiting", *journal)
    assert (missing.code, "1 neither waits nor is dead" in missing.err) == (5, True)
    (entry,) = (await call("journal", "list", *journal, "--json")).json["entries"]
    assert (entry["number"], entry["state"]) == (2, "WAITING")
