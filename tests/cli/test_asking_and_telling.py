"""check, hold, commit, release, extend, adjust, ledger and holds."""

import pytest

from tests.cli.conftest import Run, call

UNKNOWN = "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"


@pytest.fixture
async def limited(almoner: Run) -> Run:
    """Allow every user five messages a day."""
    await almoner("limit", "set", "--default", "messages=5", "--per", "day")
    return almoner


async def test_a_check_exits_by_its_answer(limited: Run) -> None:
    assert (await limited("check", "--user", "u", "messages=5")).code == 0
    await limited("hold", "--user", "u", "messages=3")
    assert (await limited("check", "--user", "u", "messages=3")).code == 4
    assert (await limited("check", "--user", "u", "messages=6")).code == 3


async def test_a_refusal_is_a_document_for_scripts(limited: Run) -> None:
    answer = await limited("check", "--user", "u", "--json", "messages=6")
    decision = answer.json["decision"]
    assert (decision["allowed"], decision["reason"]) == (False, "EXHAUSTED")
    assert decision["retry_after"] > 0
    (refused,) = decision["refused_by"]
    assert refused["scope"] == "ACCOUNT_PERIOD"
    assert refused["source"] == {"kind": "NAMESPACE_DEFAULT", "id": ""}
    assert (refused["limit"], refused["spent"], refused["unlimited"]) == (5, 0, False)
    assert answer.json["hold_id"] is None
    assert answer.json["degraded"] is False


async def test_a_refusal_tells_people_which_limit_and_until_when(limited: Run) -> None:
    answer = await limited("check", "--user", "u", "messages=6")
    assert answer.out.startswith("refused: EXHAUSTED\n")
    assert "messages per day" in answer.out
    assert "try again in " in answer.out
    assert "\x1b" not in answer.out


async def test_a_quiet_hold_prints_its_id_for_the_commit(limited: Run) -> None:
    hold = (await limited("hold", "--quiet", "--user", "u", "usd=0.25", "messages=1")).out.strip()
    answer = await limited("commit", hold, "usd=0.3000001", "messages=1", "--json")
    assert answer.code == 0
    assert answer.json["charge"]["id"] == hold
    assert answer.json["charge"]["amounts"] == {"messages": 1, "usd_micros": 300_001}
    assert answer.json["overrun"] == {"usd_micros": 50_001}
    assert answer.json["replayed"] is False


async def test_a_quiet_hold_that_is_refused_prints_no_id(limited: Run) -> None:
    answer = await limited("hold", "--quiet", "--user", "u", "messages=6")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("almoner: Refused: ")


async def test_a_hold_that_is_refused_exits_as_a_check_does(limited: Run) -> None:
    assert (await limited("hold", "--user", "u", "messages=6")).code == 3
    assert (await limited("hold", "--user", "u", "messages=3")).code == 0
    busy = await limited("hold", "--user", "u", "messages=3", "--json")
    assert (busy.code, busy.json["decision"]["reason"], busy.json["hold_id"]) == (4, "BUSY", None)


async def test_a_hold_keeps_what_was_asked_for(almoner: Run) -> None:
    options = ("--ttl", "1h", "--on-expiry", "charge", "--chat", "c", "--attribute", "model=small")
    held = await almoner("hold", "--user", "u", "--group", "g", *options, "--hold-id", UNKNOWN, "usd=1")
    assert f"hold {UNKNOWN}" in held.out
    (hold,) = (await almoner("holds", "list", "--json", "--state", "open")).json["holds"]
    assert hold["subject"] == {"user": "u", "groups": ["g"]}
    assert hold["chat"]["id"] == "c"
    assert (hold["on_expiry"], hold["attributes"]) == ("CHARGE", {"model": "small"})
    assert hold["held"]["usd_micros"] == 1_000_000


async def test_the_ledger_tells_how_a_charge_came_about(limited: Run) -> None:
    held = (await limited("hold", "--user", "u", "messages=1", "--hold-id", UNKNOWN)).out
    assert "the limits as they were before this hold:" in held
    await limited("commit", UNKNOWN, "messages=1")
    assert "actual, on a hold" in (await limited("ledger")).out
    await limited("commit", "--user", "v", "messages=1")
    assert "actual, direct" in (await limited("ledger")).out


async def test_a_commit_without_a_hold_is_a_direct_charge(almoner: Run) -> None:
    answer = await almoner("commit", "--user", "u", "usd=2", "--occurred-at", "-1h", "--json")
    assert answer.json["charge"]["hold_id"] is None
    assert answer.json["charge"]["origin"] == "DIRECT"
    (charge,) = (await almoner("ledger", "--user", "u", "--json")).json["charges"]
    assert charge["amounts"] == {"usd_micros": 2_000_000}
    assert charge["occurred_at"] < charge["create_time"]


async def test_an_estimate_is_listed_as_open_until_it_is_adjusted(almoner: Run) -> None:
    hold = (await almoner("hold", "-q", "--user", "u", "usd=0.25")).out.strip()
    await almoner("commit", hold, "--settlement", "estimate")
    assert len((await almoner("ledger", "--open", "--json")).json["charges"]) == 1
    answer = await almoner("adjust", hold, "--actual", "usd=0.19", "--reason", "bill", "--json")
    assert answer.json["charge"]["net_amounts"] == {"usd_micros": 190_000}
    assert (await almoner("ledger", "--open", "--json")).json == {"charges": [], "more": False}
    assert "bill" in (await almoner("ledger")).out


async def test_a_refund_above_the_charge_is_not_possible(almoner: Run) -> None:
    hold = (await almoner("hold", "-q", "--user", "u", "usd=1")).out.strip()
    await almoner("commit", hold, "usd=0.5")
    assert (await almoner("adjust", hold, "--refund", "usd=0.5")).code == 0
    answer = await almoner("adjust", hold, "--refund", "usd=0.1")
    assert (answer.code, "REFUND_EXCEEDS_CHARGE" in answer.err) == (5, True)


async def test_an_extension_is_admitted_or_refused_as_a_check_is(limited: Run) -> None:
    hold = (await limited("hold", "-q", "--user", "u", "messages=2")).out.strip()
    assert (await limited("extend", hold, "messages=5", "--json")).json["hold"]["held"]["messages"] == 5
    refused = await limited("extend", hold, "messages=6", "--json")
    assert (refused.code, refused.json["decision"]["reason"]) == (3, "EXHAUSTED")
    assert (await limited("extend", hold)).code == 2


async def test_a_release_may_be_repeated_and_an_unknown_hold_is_not_found(almoner: Run) -> None:
    hold = (await almoner("hold", "-q", "--user", "u", "usd=1")).out.strip()
    for _ in range(2):
        assert (await almoner("release", hold, "--json")).json["hold"]["state"] == "RELEASED"
    assert (await almoner("release", UNKNOWN)).code == 5
    assert (await almoner("release", "nonsense")).code == 2


async def test_a_long_ledger_is_read_page_by_page_up_to_the_limit(almoner: Run) -> None:
    for user in "abc":
        await almoner("commit", "--user", user, "usd=1")
    answer = await almoner("ledger", "--limit", "2", "--json")
    assert [charge["subject"]["user"] for charge in answer.json["charges"]] == ["c", "b"]
    assert answer.json["more"] is True
    told = await almoner("ledger", "--limit", "2")
    assert "raise --limit" in told.err
    assert (await almoner("ledger", "--limit", "3", "--json")).json["more"] is False


async def test_an_adjustment_is_a_refund_or_the_real_cost_and_never_both() -> None:
    for kinds, problem in {
        (): "say what the amounts are",
        ("--refund", "--actual"): "give one, not both",
    }.items():
        answer = await call("adjust", UNKNOWN, *kinds, "usd=0.1")
        assert (answer.code, answer.out) == (2, "")
        assert f"{problem}: --refund or --actual" in answer.err


async def test_a_label_is_given_once() -> None:
    for command in (("hold", "--user", "u"), ("commit", UNKNOWN)):
        answer = await call(*command, "--attribute", "model=a", "--attribute", "model=b", "usd=0.1")
        assert (answer.code, answer.out) == (2, "")
        assert "--attribute model is given twice: model=a and model=b" in answer.err
