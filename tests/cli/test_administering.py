"""limit, groups, namespace and status."""

import json

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "target", "period"),
    [
        (("--default", "--per", "week"), {"kind": "NAMESPACE_DEFAULT", "id": ""}, "WEEK"),
        (("--group-default", "g", "--per", "day"), {"kind": "GROUP_DEFAULT", "id": "g"}, "DAY"),
        (("--user", "u", "--per", "MONTH"), {"kind": "USER", "id": "u"}, "MONTH"),
        (("--chat", "c"), {"kind": "CHAT", "id": "c"}, "LIFETIME"),
        (("--group-pool", "g", "--per", "lifetime"), {"kind": "GROUP_POOL", "id": "g"}, "LIFETIME"),
        (("--namespace-pool", "--per", "day"), {"kind": "NAMESPACE_POOL", "id": ""}, "DAY"),
    ],
)
async def test_a_limit_can_be_set_on_every_kind_of_target(
    almoner: Run, arguments: tuple[str, ...], target: dict[str, str], period: str
) -> None:
    answer = await almoner("limit", "set", *arguments, "usd=2.50", "--actor", "me", "--json")
    limit = answer.json["limit"]
    assert (limit["target"], limit["period"], limit["unit"]) == (target, period, "usd_micros")
    assert (limit["amount"], limit["unlimited"], limit["updated_by"]) == (2_500_000, False, "me")
    assert (await almoner("limit", "list", "--json")).json["limits"] == [limit]


async def test_unlimited_and_a_temporary_override(almoner: Run) -> None:
    arguments = ("--user", "u", "messages=unlimited", "--per", "day", "--until", "+36h")
    limit = (await almoner("limit", "set", *arguments, "--json")).json["limit"]
    assert (limit["amount"], limit["unlimited"]) == (None, True)
    assert limit["expire_time"] is not None


async def test_a_limit_is_raised_once_for_each_request_id(almoner: Run) -> None:
    limit = ("--user", "u", "--per", "day")
    await almoner("limit", "set", *limit, "usd=1")
    raised = (
        "limit",
        "set",
        *limit,
        "usd=0.5",
        "--add",
        "--request-id",
        "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8",
    )
    assert (await almoner(*raised, "--json")).json["limit"]["amount"] == 1_500_000
    again = await almoner(*raised, "--json")
    assert (again.json["limit"]["amount"], again.json["replayed"]) == (1_500_000, True)


async def test_a_limit_that_changed_meanwhile_is_not_overwritten(almoner: Run) -> None:
    limit = ("limit", "set", "--default", "--per", "day", "--json")
    etag = (await almoner(*limit, "usd=1")).json["limit"]["etag"]
    assert (await almoner(*limit, "usd=2", "--etag", etag)).code == 0
    stale = await almoner(*limit, "usd=3", "--etag", etag)
    assert (stale.code, "ETAG_MISMATCH" in stale.err) == (5, True)


async def test_every_change_is_kept_with_who_and_why(almoner: Run) -> None:
    limit = ("--chat", "c")
    await almoner("limit", "set", *limit, "usd=1")
    await almoner("limit", "delete", *limit, "usd", "--actor", "me", "--reason", "over")
    deleted, created = (await almoner("limit", "history", *limit, "--json")).json["limit_changes"]
    assert (deleted["from"]["amount"], deleted["to"]) == (1_000_000, None)
    assert (deleted["actor"], deleted["reason"]) == ("me", "over")
    assert (created["from"], created["to"]["amount"]) == (None, 1_000_000)
    assert (await almoner("limit", "delete", *limit, "usd")).code == 5
    assert "deleted" in (await almoner("limit", "history", *limit)).out


async def test_limits_are_listed_by_target_kind_and_unit(almoner: Run) -> None:
    for user in ("u1", "u2"):
        await almoner("limit", "set", "--user", user, "usd=1", "--per", "day")
    await almoner("limit", "set", "--default", "messages=1", "--per", "day")

    async def listed(*filters: str) -> list[str]:
        found = (await almoner("limit", "list", *filters, "--json")).json["limits"]
        return [limit["target"]["id"] for limit in found]

    assert await listed("--user", "u2") == ["u2"]
    assert await listed("--kind", "user") == ["u1", "u2"]
    assert await listed("--unit", "messages") == [""]
    assert len(await listed()) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("--per", "day", "usd=1"),
        ("--user", "u", "--chat", "c", "--per", "day", "usd=1"),
        ("--user", "u", "usd=1"),
        ("--user", "u", "--per", "year", "usd=1"),
        ("--user", "u", "--per", "day", "usd=unlimited", "--add"),
        ("--user", "u", "--per", "day", "usd=1", "--request-id", "x"),
        ("--user", "u", "--per", "day", "usd=0.0000001"),
        ("--user", "u", "--per", "day", "tokns=1"),
        ("--chat", "c", "--per", "day", "usd=1"),
    ],
)
async def test_a_limit_that_cannot_be_is_bad_input(almoner: Run, arguments: tuple[str, ...]) -> None:
    answer = await almoner("limit", "set", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert (await almoner("limit", "list", "--json")).json["limits"] == []


async def test_groups_are_stored_shown_and_cleared(almoner: Run) -> None:
    assert (await almoner("groups", "set", "u", "b", "a", "--json")).json == {"groups": ["a", "b"]}
    assert (await almoner("groups", "get", "u")).out == "groups of u: a, b\n"
    assert (await almoner("groups", "set", "u")).code == 2
    await almoner("groups", "set", "u", "--none")
    assert (await almoner("groups", "get", "u")).out == "groups of u: none\n"


async def test_a_namespace_is_created_changed_and_listed(almoner: Run) -> None:
    made = (await almoner("namespace", "create", "acme", "--unit", "usd", "--json")).json["namespace"]
    assert (made["units"], made["group_rule"], made["enabled"]) == (["usd_micros"], "MIN", True)
    changed = await almoner("namespace", "update", "acme", "--disable", "--group-rule", "max", "--json")
    assert (changed.json["namespace"]["group_rule"], changed.json["namespace"]["enabled"]) == ("MAX", False)
    names = [
        namespace["name"] for namespace in (await almoner("namespace", "list", "--json")).json["namespaces"]
    ]
    assert names == ["acme", "default"]
    assert (await almoner("namespace", "create", "acme", "--unit", "tokens")).code == 5
    assert (await almoner("namespace", "update", "acme")).code == 2
    assert (await almoner("namespace", "update", "nobody", "--enable")).code == 5


async def test_a_status_has_every_limit_and_every_chat_of_the_chain(almoner: Run) -> None:
    await almoner("limit", "set", "--chat", "root", "usd=10")
    await almoner("limit", "set", "--default", "usd=100", "--per", "month")
    await almoner("commit", "--user", "u", "--chat", "root", "usd=1")
    await almoner("hold", "--user", "u", "--chat", "child", "--parent", "root", "usd=2.5")
    status = (await almoner("status", "--user", "u", "--chat", "child", "--json")).json
    assert [(limit["scope"], limit["spent"], limit["held"]) for limit in status["limits"]] == [
        ("CHAT_LIFETIME", 1_000_000, 2_500_000),
        ("ACCOUNT_PERIOD", 1_000_000, 2_500_000),
    ]
    assert status["chat_chain"] == ["root", "child"]
    assert status["chat_remaining"] == {"usd_micros": 6_500_000}
    assert [account["account"]["id"] for account in status["accounts"]] == ["u", "root", "child"]


async def test_a_status_is_drawn_with_bars_resets_and_what_is_left(almoner: Run) -> None:
    await almoner("limit", "set", "--default", "usd=10", "--per", "month")
    await almoner("commit", "--user", "u", "usd=5")
    await almoner("hold", "--user", "u", "usd=2.5")
    answer = await almoner("status", "--user", "u")
    assert "█" * 12 + "▒" * 6 + "░" * 6 in answer.out
    assert "$2.50  in " in answer.out
    assert "user u: 1 open hold\n" in answer.out
    assert "\x1b" not in answer.out
    assert (await almoner("status")).code == 2


async def test_what_is_printed_for_scripts_is_one_document(almoner: Run) -> None:
    await almoner("limit", "set", "--default", "usd=10", "--per", "month")
    for arguments in (["status", "--user", "u"], ["limit", "list"], ["ledger"], ["holds", "list"]):
        answer = await almoner(*arguments, "--json")
        assert isinstance(json.loads(answer.out), dict)
        assert answer.err == ""


async def test_a_limit_that_was_over_when_it_was_set_is_told(almoner: Run) -> None:
    limit = ("limit", "set", "--user", "u", "usd=1", "--per", "day", "--json", "--until")
    past, ahead = await almoner(*limit, "2020-01-01"), await almoner(*limit, "+1h")
    assert (past.code, past.json["limit"]["amount"]) == (0, 1_000_000)
    assert past.err == "almoner: the limit has no effect: 2020-01-01T00:00Z is over\n"
    assert ahead.err == ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--chat", "c", "usd=0"), "usd=0: a limit on a chat is at least $0.000001"),
        (("--chat", "c", "messages=0"), "messages=0: a limit on a chat is at least 1"),
        (("--user", "u", "usd=0.00", "--per", "day", "--add"), "usd=0.00: --add is at least $0.000001"),
    ],
)
async def test_too_little_is_told_in_the_unit_in_which_it_was_given(
    almoner: Run, arguments: tuple[str, ...], problem: str
) -> None:
    answer = await almoner("limit", "set", *arguments)
    assert (answer.code, answer.out, problem in answer.err) == (2, "", True), answer.err


@pytest.mark.parametrize("command", ["list", "history"])
async def test_a_unit_that_is_not_counted_has_not_just_no_limits(almoner: Run, command: str) -> None:
    for unit in ("usd", "usd_micros", "in_flight"):
        assert (await almoner("limit", command, "--unit", unit)).code == 0
    answer = await almoner("limit", command, "--unit", "tokenz")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("almoner: --unit tokenz: the namespace default counts only usd, ")
