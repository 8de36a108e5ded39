"""Who makes the calls of a trace, what they cost, and which limits follow."""

from collections import Counter
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
from almoner.cli.replay.assign import Assignment
from almoner.cli.replay.budgets import budgets
from almoner.cli.replay.prices import MODELS, Model
from almoner.cli.replay.script import Script
from almoner.cli.replay.survey import survey
from almoner.cli.replay.tally import percentile
from almoner.cli.replay.trace import TraceError
from hypothesis import given
from hypothesis import strategies as some

CALLS = 5000


def assignment(seed: int = 1, *, users: int = 50, groups: int = 4, chats: int = 100) -> Assignment:
    return Assignment(users=users, groups=groups, chats=chats, seed=seed)


def trace(tmp_path: Path, rows: int) -> Path:
    path = tmp_path / "trace.csv"
    lines = (f"2026-03-11 10:{row // 60:02}:{row % 60:02},{row * 7},{row % 50}" for row in range(rows))
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(lines))
    return path


def test_a_seed_gives_the_same_callers_again_and_another_seed_others() -> None:
    callers = [assignment().caller(number) for number in range(100)]
    assert callers == [assignment().caller(number) for number in range(100)]
    assert callers != [assignment(seed=2).caller(number) for number in range(100)]


def test_the_callers_of_a_seed_stay_those_of_earlier_versions() -> None:
    caller = assignment().caller(7)
    assert (caller.user, caller.groups, caller.model.name) == ("user-0001", ("group-01",), "small")
    assert caller.chats == ("chat-0051", "chat-0051.1", "chat-0051.1.1")


def test_few_users_make_most_of_the_calls() -> None:
    calls = Counter(assignment().caller(number).user for number in range(CALLS))
    ranked = [calls[f"user-{place:04}"] for place in range(1, 51)]
    assert ranked[0] == pytest.approx(2 * ranked[1], rel=0.2)
    assert ranked[0] == pytest.approx(4 * ranked[3], rel=0.3)
    assert min(ranked) > 0


def test_chats_are_trees_of_three_levels_that_belong_to_one_user() -> None:
    owners: dict[str, set[str]] = {}
    depths: Counter[int] = Counter()
    for number in range(CALLS):
        caller = assignment().caller(number)
        depths[len(caller.chats)] += 1
        owners.setdefault(caller.chats[0], set()).add(caller.user)
        for parent, child in zip(caller.chats, caller.chats[1:], strict=False):
            assert child.rpartition(".")[0] == parent
    assert set(depths) == {1, 2, 3}
    assert all(len(users) == 1 for users in owners.values())


def test_groups_and_chats_may_be_left_out() -> None:
    caller = assignment(groups=0, chats=0).caller(7)
    assert (caller.groups, caller.chat, caller.parent) == ((), None, None)


def test_models_are_called_by_their_shares() -> None:
    calls = Counter(assignment().caller(number).model for number in range(CALLS))
    for model in MODELS:
        assert calls[model] / CALLS == pytest.approx(model.share, abs=0.03)


@given(some.integers(0, 10**9), some.integers(0, 10**9), some.sampled_from(MODELS))
def test_a_price_is_exact_and_rounds_up_once(context: int, generated: int, model: Model) -> None:
    exact = Fraction(context * model.context_price + generated * model.generated_price, 10**6)
    assert model.cost(context, generated) == ceil(exact)


def test_an_estimate_is_never_below_the_cost(tmp_path: Path) -> None:
    script = Script(trace(tmp_path, 200), assignment(), max_output=49, rows=None)
    calls = list(script.calls())
    assert len(calls) == 200
    for call in calls:
        assert all(call.estimate[unit] >= cost for unit, cost in call.cost.items())
    assert any(call.estimate["tokens"] == call.cost["tokens"] for call in calls)


def test_more_output_than_the_bound_is_refused_with_its_line(tmp_path: Path) -> None:
    script = Script(trace(tmp_path, 200), assignment(), max_output=48, rows=None)
    with pytest.raises(TraceError, match="line 51: GeneratedTokens 49 is above --max-output 48"):
        list(script.calls())


def test_every_chat_is_opened_after_its_parent(tmp_path: Path) -> None:
    whole = survey(Script(trace(tmp_path, 500), assignment(), max_output=100, rows=None))
    opened: set[str | None] = {None}
    for chat, (_, parent) in whole.openings.items():
        assert parent in opened
        opened.add(chat)


def test_the_limits_are_below_what_would_be_spent_and_scale(tmp_path: Path) -> None:
    whole = survey(Script(trace(tmp_path, 500), assignment(), max_output=100, rows=None))
    dearest = {"USER": whole.user_costs, "GROUP_POOL": whole.group_costs, "CHAT": whole.tree_costs}
    money = [budget for budget in budgets(whole, 1.0) if budget.unit == "usd_micros"]
    for budget in money:
        costs = dearest.get(budget.target.kind, Counter({"": whole.cost}))
        assert 0 < budget.amount <= costs.most_common(1)[0][1]
    doubled = [budget.amount for budget in budgets(whole, 2.0) if budget.unit == "usd_micros"]
    assert doubled == pytest.approx([2 * budget.amount for budget in money], abs=1)


@pytest.mark.parametrize(
    ("percent", "value"),
    [(50.0, 500), (90.0, 900), (99.0, 990), (99.9, 999), (100.0, 1000)],
)
def test_a_percentile_is_the_smallest_value_that_so_many_are_at_or_below(percent: float, value: int) -> None:
    assert percentile(range(1, 1001), percent) == value


def test_percentiles_of_few_values_are_values() -> None:
    assert percentile([5], 50.0) == 5
    assert percentile([5, 6], 50.0) == 5
    assert percentile([5, 6], 99.9) == 6
