"""What holds after any sequence of requests (docs/semantics.md, Promises 1, 2, 3 and 6)."""

from almoner_server.core.accounts import Account
from almoner_server.core.errors import RequestFailed
from almoner_server.core.records import AccountKey
from almoner_server.core.requests import (
    Adjust,
    AdjustResult,
    Check,
    CheckResult,
    Commit,
    CommitResult,
    Expire,
    Extend,
    HoldResult,
    LimitStatus,
    Release,
    Request,
    Result,
)
from almoner_server.core.terms import HoldState, Period
from hypothesis import given, settings

from tests.unit.ledger import counted, open_charges, recomputed
from tests.unit.steps import SEQUENCES, Pass, limited
from tests.unit.world import NS, World

Step = Request | Pass
in_normal_runs = settings(max_examples=150, derandomize=True, database=None, deadline=None)


class OnDemand(dict[AccountKey, Account]):
    """Has every account there may be."""

    def __init__(self, world: World) -> None:
        super().__init__(world.stored)
        self._day = world.book.today

    def __missing__(self, key: AccountKey) -> Account:
        self[key] = account = Account.empty(key, self._day)
        return account


class Wide(World):
    """Gives every request all accounts."""

    def accounts_for(self, request: Request) -> dict[AccountKey, Account]:
        return OnDemand(self)


def take(world: World, step: Step) -> Result | str | None:
    """Take one step: the answer, the reason of a failure, or None where only time went by."""
    if isinstance(step, Pass):
        world.at(world.book.now + step.span)
        return None
    try:
        return world.run(step)
    except RequestFailed as failed:
        return failed.reason


def expire_all(world: World) -> None:
    for _, hold in list(world.book.holds):
        take(world, Expire(NS, hold))


@in_normal_runs
@given(SEQUENCES)
def test_counters_equal_the_ledger_after_every_step(steps: list[Step]) -> None:
    world = limited(World())
    for step in steps:
        take(world, step)
        assert counted(world) == recomputed(world)
        found, as_counted = open_charges(world)
        assert found == as_counted
    _require_nested_windows(world)


def _require_nested_windows(world: World) -> None:
    for key in world.stored:
        account = world.account(key.id, key.kind)
        for unit in account.counters:
            for read in (account.spent, account.held):
                day, week, month, lifetime = (read(unit, period) for period in Period)
                assert day <= min(week, month)
                assert max(week, month) <= lifetime


@in_normal_runs
@given(SEQUENCES)
def test_no_allowance_crosses_a_limit(steps: list[Step]) -> None:
    world = limited(World())
    for step in steps:
        retried = isinstance(step, Check) and step.hold and (NS, step.hold.id) in world.book.holds
        result = take(world, step)
        decision = result.decision if isinstance(result, CheckResult | HoldResult) else None
        if decision is None or not decision.allowed or retried:
            continue
        asked = step.amounts if isinstance(step, Check) and step.hold is None else {}
        # An Extend that grows nothing is not decided, and lists no limit.
        for limit in _limits_now(world, step) if decision.limits else ():
            assert limit.limit is None or limit.spent + limit.held + asked.get(limit.unit, 0) <= limit.limit


def _limits_now(world: World, step: Step) -> tuple[LimitStatus, ...]:
    """Return the limits on whom a request was about, as they stand after it."""
    if isinstance(step, Check) and step.hold is None:
        return world.check(
            0, step.user, groups=step.groups, chat=step.chat, parent=step.parent
        ).decision.limits
    assert isinstance(step, Check | Extend)
    hold_id = step.hold.id if isinstance(step, Check) and step.hold else getattr(step, "hold_id", None)
    assert hold_id is not None
    spender = world.book.holds[NS, hold_id].spender
    chat = spender.chain[-1] if spender.chain else ""
    return world.check(0, spender.user, groups=spender.groups, chat=chat).decision.limits


@in_normal_runs
@given(SEQUENCES)
def test_what_is_sent_again_is_answered_the_same_and_changes_nothing(steps: list[Step]) -> None:
    world = limited(World())
    answered = [(step, take(world, step)) for step in steps]
    expire_all(world)
    before = world.everything()
    for step, answer in answered:
        if isinstance(answer, CommitResult):
            assert isinstance(step, Commit)
            assert take(world, step) == CommitResult(answer.charge, replayed=True)
        elif isinstance(answer, AdjustResult):
            assert isinstance(step, Adjust)
            assert take(world, step) == AdjustResult(answer.charge, answer.adjustment, replayed=True)
        elif isinstance(answer, CheckResult) and answer.hold_id is not None:
            is_open = world.book.holds[NS, answer.hold_id].state is HoldState.OPEN
            assert take(world, step) == (answer if is_open else "HOLD_SETTLED")
        elif isinstance(step, Release) and isinstance(answer, HoldResult):
            again = take(world, step)
            assert isinstance(again, HoldResult)
            assert again.hold.state is answer.hold.state
    assert world.everything() == before


@in_normal_runs
@given(SEQUENCES)
def test_what_fails_or_is_refused_changes_nothing(steps: list[Step]) -> None:
    world = limited(World())
    for step in steps:
        expire_all(world)
        before = world.everything()
        answer = take(world, step)
        refused = getattr(answer, "decision", None)
        if isinstance(answer, str) or (refused is not None and not refused.allowed):
            assert world.everything() == before


@in_normal_runs
@given(SEQUENCES)
def test_a_footprint_is_enough(steps: list[Step]) -> None:
    narrow, wide = limited(World()), limited(Wide())
    for step in steps:
        assert take(narrow, step) == take(wide, step)
    assert narrow.everything() == wide.everything()


def test_the_sequences_reach_what_they_are_to_show() -> None:
    seen: set[str] = set()

    @in_normal_runs
    @given(SEQUENCES)
    def look(steps: list[Step]) -> None:
        world = limited(World())
        for step in steps:
            seen.add(_kind(take(world, step)))

    look()
    assert seen >= {"CheckResult", "HoldResult", "CommitResult", "late", "AdjustResult"}
    assert seen >= {"BUSY", "EXHAUSTED"}
    assert seen >= {"ID_REUSED", "HOLD_SETTLED", "HOLD_NOT_FOUND", "HOLD_MISMATCH", "PARENT_CONFLICT"}
    assert seen >= {"BELOW_COMMITTED", "REFUND_EXCEEDS_CHARGE", "CHARGE_NOT_ESTIMATED", "CHARGE_NOT_FOUND"}


def _kind(answer: Result | str | None) -> str:
    """Name what a step came to: the reason of a failure or a refusal, else what was answered."""
    if answer is None or isinstance(answer, str):
        return answer or "time went by"
    decision = getattr(answer, "decision", None)
    if decision is not None and decision.reason is not None:
        return str(decision.reason.name)
    if isinstance(answer, CommitResult) and answer.charge.late:
        return "late"
    return type(answer).__name__
