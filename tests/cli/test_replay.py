"""`almoner replay` as a process, against a server and its database."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from almoner.cli.replay.report import Report
from almoner.cli.replay.spending import Spendings
from almoner.cli.replay.survey import Survey
from almoner.cli.replay.tally import Tally
from almoner.cli.replay.verified import Verification
from almoner_server.app import Authority

from tests.cli.conftest import Answer, Run
from tests.support.postgres import Postgres
from tests.support.server import authority, run_server

ROWS = 300
WIDE = ("--budgets", "1000", "--concurrency", "16", "--limit-rows", "100")
"""So wide, and so few at once, that nothing is refused."""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Write a trace of five minutes."""
    path = tmp_path / "trace.csv"
    rows = (f"2026-03-11 10:{row // 60:02}:{row % 60:02},{row * 7},{row % 50}" for row in range(ROWS))
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(rows))
    return path


@pytest.fixture
def replay(server: Authority, database: str, trace: Path) -> Run:
    """Replay the trace as fast as can be, and verify the server's database."""

    async def run(
        *options: str,
        verify: tuple[str, ...] = ("--database-url", database),
        at: Authority = server,
        **environment: str,
    ) -> Answer:
        common = ("--server", at.address, "--speed", "max", "--users", "20", "--chats", "40", *verify)
        return await process("replay", str(trace), *common, *options, **environment)

    return run


async def process(*arguments: str, **environment: str) -> Answer:
    """Run `almoner` in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALMONER_")}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "almoner.cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**kept, **environment},
    )
    out, err = await running.communicate()
    assert running.returncode is not None
    return Answer(running.returncode, out.decode(), err.decode())


async def test_some_calls_are_refused_and_every_other_one_is_booked_and_verified(replay: Run) -> None:
    answer = await replay("--json", "--budgets", "0.5")
    report = answer.json
    assert answer.code == 0, answer.err
    assert report["calls"] == report["allowed"] + report["refused"] == ROWS
    assert 0 < sum(refusal["calls"] for refusal in report["refused_by"]) == report["refused"] < ROWS
    assert report["booked"]["messages"] == report["allowed"]
    assert (report["overrun"], report["unaccounted"], report["problems"]) == ({}, {}, [])
    assert (report["verify"]["run"], report["verify"]["findings"]) == (True, [])
    assert all(limit["spent"] + limit["held"] <= limit["limit"] for limit in report["limits"])
    kinds = {limit["source"]["kind"] for limit in report["limits"]}
    assert kinds == {"NAMESPACE_DEFAULT", "GROUP_POOL", "CHAT", "NAMESPACE_POOL"}
    latency = report["latency_ms"]
    assert latency["hold"]["count"] == latency["commit"]["count"] == report["allowed"]
    assert 0 < latency["hold"]["p50"] <= latency["hold"]["p99.9"] <= latency["hold"]["p100"]


async def test_a_seed_books_the_same_again(replay: Run) -> None:
    first, second, other = [
        (await replay("--json", "--seed", seed, "--namespace", namespace, *WIDE)).json
        for namespace, seed in (("first", "7"), ("second", "7"), ("other", "8"))
    ]
    assert first["refused"] == 0
    assert first["booked"] == second["booked"] != other["booked"]


async def test_replays_that_begin_together_have_a_namespace_each(replay: Run) -> None:
    answers = await asyncio.gather(*(replay("--json", "--limit-rows", "10") for _ in range(4)))
    assert [answer.code for answer in answers] == [0] * 4, [answer.err for answer in answers]
    assert len({answer.json["namespace"] for answer in answers}) == 4


async def test_limits_that_are_there_are_left_alone(almoner: Run, replay: Run) -> None:
    await almoner("namespace", "create", "mine", "--unit", "usd", "--unit", "messages")
    await almoner("--namespace", "mine", "limit", "set", "--default", "messages=1", "--per", "lifetime")
    there = ("--namespace", "mine", "--json")
    refused = await replay(*there)
    assert (refused.code, "--no-setup" in refused.err) == (2, True)
    played = await replay(*there, "--no-setup")
    users = {limit["account"] for limit in played.json["limits"]}
    assert played.json["allowed"] == len(users)
    assert {refusal["unit"] for refusal in played.json["refused_by"]} == {"messages"}
    assert len((await almoner("--namespace", "mine", "limit", "list", "--json")).json["limits"]) == 1


async def test_arrivals_keep_their_distance(replay: Run) -> None:
    answer = await replay("--json", "--speed", "300", *WIDE, "--limit-rows", "61")
    assert answer.json["calls"] == 61
    assert answer.json["seconds"] >= 60 / 300


async def test_a_person_reads_refusals_spend_latencies_and_verify(replay: Run) -> None:
    answer = await replay("--budgets", "0.5")
    assert answer.out.startswith("played 300 calls in namespace replay-")
    for words in (
        "allowed",
        "refused: ",
        "group-01",
        "everybody",
        "p99.9",
        "overrun: 0",
        "verify: no difference",
    ):
        assert words in answer.out
    assert answer.out.endswith("all as it should be\n")
    assert (answer.err, "\x1b" in answer.out) == ("", False)


async def test_a_difference_between_counters_and_ledger_fails_the_replay(replay: Run, database: str) -> None:
    assert (await replay()).code == 0
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE accounts SET counters[1] = counters[1] + 1 WHERE id = 'user-0001'")
    await connection.close()
    answer = await replay("--json")
    assert (answer.code, answer.json["problems"]) == (1, ["the counters differ from the ledger"])
    assert any("user-0001" in finding for finding in answer.json["verify"]["findings"])


@pytest.mark.parametrize("budgets", ["1000", "0.0001"], ids=["booked", "nothing booked"])
async def test_another_database_is_not_taken_for_the_servers_though_all_names_are_the_same(
    replay: Run, elsewhere: str, budgets: str
) -> None:
    common = ("--json", "--namespace", "mine", "--limit-rows", "10", "--chats", "0", "--budgets", budgets)
    async with authority(elsewhere) as other:
        there = await replay(*common, at=other, verify=("--database-url", elsewhere))
    answer = await replay(*common, verify=("--database-url", elsewhere))
    assert (there.code, there.json["verify"]["run"]) == (0, True), there.err
    assert answer.json["verify"]["run"] is False
    assert answer.json["verify"]["summary"].startswith("not run: that is another server's database")


@pytest.fixture
async def elsewhere(postgres: Postgres) -> AsyncIterator[str]:
    """Make another database than the server's."""
    dsn = await postgres.create_database()
    yield dsn
    await postgres.drop_database(dsn)


async def test_a_database_that_was_named_and_could_not_be_verified_fails_the_replay(
    replay: Run, tmp_path: Path
) -> None:
    answer = await replay(verify=("--data-dir", str(tmp_path / "empty")))
    assert answer.code == 1
    assert "verify: not run: there is nothing to verify" in answer.out
    assert "run `almoner verify`" in answer.out
    assert answer.out.endswith("not as it should be: the database that was named was not verified\n")


async def test_where_no_database_was_named_it_says_only_what_is_known(replay: Run, tmp_path: Path) -> None:
    answer = await replay(verify=(), ALMONER_DATA_DIR=str(tmp_path / "empty"))
    assert answer.code == 0
    assert "verify: not run: " in answer.out
    assert answer.out.endswith("all as it should be, as far as the server tells\n")


@pytest.fixture
def malformed(trace: Path) -> None:
    """Spoil the end of the trace."""
    trace.write_text(trace.read_text() + "\nrubbish")


@pytest.mark.usefixtures("malformed")
async def test_a_malformed_trace_is_bad_input_and_nothing_is_played(almoner: Run, replay: Run) -> None:
    answer = await replay()
    assert (answer.code, answer.out) == (2, "")
    assert f"line {ROWS + 2}: 1 values are too few: 'rubbish'" in answer.err
    assert answer.err.count("\n") == 1
    assert len((await almoner("namespace", "list", "--json")).json["namespaces"]) == 1


async def test_a_server_that_is_not_there_is_unavailable(trace: Path) -> None:
    answer = await process("replay", str(trace), "--server", "127.0.0.1:1", "--timeout", "0.2s")
    assert (answer.code, answer.err.startswith("almoner: UNAVAILABLE")) == (6, True)


@pytest.mark.parametrize("how", [("--json",), ()], ids=["json", "drawn"])
async def test_a_server_that_dies_meanwhile_does_not_take_the_report_with_it(
    trace: Path, database: str, how: tuple[str, ...]
) -> None:
    server = await run_server("--database-url", database)
    where = ("--server", server.address, "--database-url", database, "--timeout", "1s")
    replaying = asyncio.create_task(process("replay", str(trace), *where, *WIDE, "--speed", "60", *how))
    await has_held(database)
    await server.terminate(signal.SIGKILL)
    answer = await replaying
    assert answer.code == 1
    if how:
        played = answer.json
        assert (played["allowed"] > 0, played["failed"] > 0) == (True, True)
        assert played["limits_unknown"].startswith("UNAVAILABLE: ")
        assert played["problems"] == ["calls failed", "the server did not tell what was spent"]
        assert played["verify"]["findings"] == []
    else:
        assert answer.out.startswith("played 100 calls in namespace replay-")
        assert "\nwhat was spent of the limits is not known: UNAVAILABLE: " in answer.out
        assert "verify: no difference" in answer.out


async def has_held(database: str) -> None:
    """Wait until the replay has begun to hold."""
    connection = await asyncpg.connect(database)
    async with asyncio.timeout(30):
        while await connection.fetchval("SELECT count(*) FROM holds") < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await connection.close()


def report(booked: Mapping[str, int], overrun: Mapping[str, int], **settings: Any) -> Report:
    """Report a replay that booked once; the server has spent 5 tokens."""
    tally = Tally()
    tally.book(booked, overrun)
    given: dict[str, Any] = {
        "namespace": "n",
        "fresh": True,
        "verification": Verification((), ""),
        "spendings": Spendings((), Tally().booked + _counter(tokens=5)),
        **settings,
    }
    return Report(whole=Survey(), tally=tally, **given)


def _counter(**amounts: int) -> Any:
    counted = Tally().booked
    counted.update(amounts)
    return counted


def test_an_overrun_is_a_problem() -> None:
    assert report({"tokens": 5}, {"tokens": 0}).problems == []
    assert report({"tokens": 5}, {"tokens": 1}).problems == ["costs went past what was held"]


def test_a_charge_that_was_lost_or_doubled_is_a_problem_where_nobody_else_spends() -> None:
    assert report({"tokens": 6}, {}).unaccounted == {"tokens": -1}
    assert report({"tokens": 4}, {}).problems == ["the server has other sums than were booked"]
    assert report({"tokens": 4}, {}, fresh=False).problems == []
    untold = report({"tokens": 4}, {}, spendings=Spendings((), _counter(), "UNAVAILABLE: gone"))
    assert untold.problems == ["the server did not tell what was spent"]


def test_the_document_of_a_report_is_json() -> None:
    assert json.dumps(report({"tokens": 5}, {}).document()["booked"]) == '{"tokens": 5}'
