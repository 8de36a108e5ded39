"""The group of all commands: where the server is, what is installed, how it ends."""

import asyncio
import os
import sys
from pathlib import Path

import click
import grpc
import pytest
from almoner.cli import main
from almoner_server.app import Authority

from tests.cli.conftest import Run, call
from tests.client.script import Failure, ScriptedServer

NOBODY = "127.0.0.1:1"
# What a process sees where only the base of almoner is installed.
WITHOUT_SERVER = "import sys; sys.modules['almoner_server'] = None; from almoner.cli import main; main()"


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    """List the paths of all commands that are not groups."""
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        found += commands(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
async def test_every_command_has_help(path: tuple[str, ...]) -> None:
    answer = await call(*path, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: almoner {' '.join(path)} ")


OURS = [path for path in commands(main) if path[0] not in {"serve", "migrate", "verify"}]


@pytest.mark.parametrize("path", OURS, ids=" ".join)
async def test_every_command_that_asks_a_server_shows_an_example(path: tuple[str, ...]) -> None:
    help_page = (await call(*path, "--help")).out
    assert f"\n    almoner {' '.join(path)} " in help_page or help_page.endswith(
        f"almoner {' '.join(path)}\n"
    )


async def test_the_exit_codes_are_documented() -> None:
    answer = await call("--help")
    assert all(f" {code:3}  " in answer.out for code in [*range(8), 130])


async def test_the_server_may_be_named_before_or_after_the_command_or_in_the_environment(
    server: Authority,
) -> None:
    status = ("status", "--user", "u")
    assert (await call(*status, ALMONER_SERVER=server.address)).code == 0
    assert (await call("--server", server.address, *status, ALMONER_SERVER=NOBODY)).code == 0
    assert (await call(*status, "--server", server.address, ALMONER_SERVER=NOBODY)).code == 0
    assert (await call("--server", NOBODY, *status, "--server", server.address)).code == 0


@pytest.mark.parametrize("command", ["serve", "migrate", "verify"])
@pytest.mark.parametrize(
    "option", [("--server", NOBODY), ("--namespace", "n"), ("--timeout", "1s"), ("--json",)]
)
async def test_an_option_for_clients_before_a_command_that_is_none_is_an_error(
    command: str, option: tuple[str, ...]
) -> None:
    answer = await call(*option, command, "--data-dir", "/dev/null")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"almoner: {option[0]} before {command} says nothing to it")


async def test_an_option_that_a_command_has_itself_is_to_be_typed_after_it() -> None:
    answer = await call("--json", "verify")
    assert "--json before verify says nothing to it: type `almoner verify --json`" in answer.err


async def test_the_help_of_replay_names_its_own_defaults() -> None:
    words = " ".join((await call("replay", "--help")).out.split())
    assert "[default: a new one]" in words
    assert "[default: 30s]" in words
    assert "[default: default]" not in words
    assert "[default: 5s]" not in words


async def test_the_environment_of_clients_does_not_hinder_a_command_that_is_none(tmp_path: Path) -> None:
    answer = await call("verify", "--data-dir", str(tmp_path), ALMONER_SERVER=NOBODY, ALMONER_NAMESPACE="n")
    assert (answer.code, "there is nothing to verify" in answer.err) == (1, True)


async def test_the_namespace_is_chosen_in_the_same_way(almoner: Run, server: Authority) -> None:
    await almoner("namespace", "create", "acme", "--unit", "tokens")
    await almoner("--namespace", "acme", "limit", "set", "--default", "tokens=5", "--per", "day")
    there = await call("limit", "list", "--json", ALMONER_SERVER=server.address, ALMONER_NAMESPACE="acme")
    assert [limit["amount"] for limit in there.json["limits"]] == [5]
    assert (await almoner("--json", "limit", "list")).json == {"limits": []}


async def test_an_error_is_one_line_on_standard_error() -> None:
    cases = {
        ("status", "--user", "u", "--timeout", "0.2s"): (6, "UNAVAILABLE"),
        ("check", "usd=1"): (2, "--user"),
        ("check", "--user", "u", "usd=1", "usd=2"): (2, "usd is given twice"),
        ("check", "--user", "u", "tokens=1.5"): (2, "'1.5' is not a whole number"),
        ("no-such",): (2, "no-such"),
    }
    for arguments, (code, words) in cases.items():
        answer = await call(*arguments, ALMONER_SERVER=NOBODY)
        assert (answer.code, answer.out) == (code, ""), arguments
        assert answer.err.count("\n") == 1
        assert answer.err.startswith("almoner: ")
        assert words in answer.err


@pytest.mark.parametrize(
    ("step", "code", "word"),
    [
        (Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED"), 6, "RESOURCE_EXHAUSTED"),
        (Failure(grpc.StatusCode.DEADLINE_EXCEEDED), 6, "DEADLINE_EXCEEDED"),
        (Failure(grpc.StatusCode.UNAVAILABLE), 6, "UNAVAILABLE"),
        (Failure(grpc.StatusCode.INVALID_ARGUMENT), 2, "INVALID_ARGUMENT"),
        (Failure(grpc.StatusCode.NOT_FOUND), 5, "NOT_FOUND"),
        (Failure(grpc.StatusCode.ALREADY_EXISTS), 5, "ALREADY_EXISTS"),
        (Failure(grpc.StatusCode.FAILED_PRECONDITION), 5, "FAILED_PRECONDITION"),
        (Failure(grpc.StatusCode.ABORTED), 5, "ABORTED"),
        (Failure(grpc.StatusCode.INTERNAL), 1, "INTERNAL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_server_answers_chooses_the_exit_code(step: Failure, code: int, word: str) -> None:
    with ScriptedServer() as server:
        server.script("GetStatus", *[step] * 100)
        answer = await call("status", "--user", "u", "--timeout", "1s", "--server", server.address)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith(f"almoner: {word}: ")


# What a process sees whose user presses Ctrl-C while it loads.
INTERRUPTED = """
import sys
class Impatient:
    def find_spec(self, name, *_):
        if name == "almoner.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Impatient())
from almoner_command import main
main()
"""


async def test_an_interrupt_before_all_is_loaded_ends_in_one_line_too() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", INTERRUPTED), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert await process.communicate() == (b"", b"almoner: interrupted\n")
    assert process.returncode == 130


async def test_without_the_server_installed_serve_says_what_to_install() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WITHOUT_SERVER, "serve", "--listen", "127.0.0.1:0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert b"pip install 'almoner[server,embedded]'" in err
    assert err.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("check", "--user", "\udcff", "usd=1"), "subject.user"),
        (("check", "--user", "u", "--namespace", "\udcff", "usd=1"), "namespace"),
        (("hold", "--user", "u", "--attribute", "k=\udcff", "usd=1"), "attributes['k']"),
        (("limit", "set", "--default", "usd=1", "--per", "day", "--reason", "\udcff"), "reason"),
        (("groups", "get", "\udcff"), "user"),
        (("status", "--user", "u", "--server", "\udcff"), "address"),
        (("release", "\udcff"), "hold_id"),
        (("limit", "set", "--chat", "\udcff", "usd=1"), "target.id"),
        (("limit", "list", "--unit", "\udcff"), "unit"),
    ],
)
async def test_an_argument_that_is_no_text_is_bad_input_and_its_field_is_named(
    almoner: Run, arguments: tuple[str, ...], named: str
) -> None:
    answer = await almoner(*arguments)
    assert (answer.code, answer.out) == (2, "")
    problem = f"{named}: '\\udcff' is not text that UTF-8 can encode"
    assert answer.err == f"almoner: INVALID_ARGUMENT: {problem} [MALFORMED_NAME]\n"
