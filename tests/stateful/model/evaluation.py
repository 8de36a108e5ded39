"""Which limits are in force, and do they pass (docs/semantics.md, Hierarchy, Admission, Refusals)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from almoner.v1.resources_pb2 import (
    PERIOD_LIFETIME,
    Decision,
    GroupRule,
    Limit,
    LimitStatus,
    RefusalReason,
    Scope,
    TargetKind,
)

from tests.stateful.model.windows import PERIODS, moment_of, span, stamp, window, within
from tests.stateful.model.world import IN_FLIGHT, HoldEntry, LimitKey, Spender, World

EXHAUSTED = RefusalReason.REFUSAL_REASON_EXHAUSTED
BUSY = RefusalReason.REFUSAL_REASON_BUSY
BUSY_RETRY = timedelta(seconds=1)


@dataclass(frozen=True)
class InForce:
    """Is a limit and the account that it counts on."""

    scope: Scope.ValueType
    limit: Limit
    kind: str
    name: str


def in_force(world: World, key: LimitKey) -> Limit | None:
    """Return a limit, unless its time is over."""
    limit = world.limits.get(key)
    if limit is None or (limit.HasField("expire_time") and world.now >= moment_of(limit.expire_time)):
        return None
    return limit


def limits_of(world: World, spender: Spender, groups: tuple[str, ...] | None = None) -> list[InForce]:
    """Return every limit that is in force for any account of the spender, in the order of answers.

    `groups` are those the user is in now, if not the spender's.
    """
    if not world.enabled:
        return []
    found = [
        limit for chat in spender.chain for limit in _on(world, TargetKind.TARGET_KIND_CHAT, chat, "chat")
    ]
    if spender.user:
        found += _of_user(world, spender.user, spender.groups if groups is None else groups)
    for group in spender.groups:
        found += _on(world, TargetKind.TARGET_KIND_GROUP_POOL, group, "group")
    found += _on(world, TargetKind.TARGET_KIND_NAMESPACE_POOL, "", "namespace")
    return sorted(found, key=lambda each: each.scope)


def decide(
    world: World, limits: list[InForce], amounts: Mapping[str, int], instead_of: HoldEntry | None = None
) -> Decision:
    """Evaluate all limits for amounts. What `instead_of` holds is not in the way."""
    decision = Decision(
        limits=[_evaluate(world, each, amounts.get(each.limit.unit, 0), instead_of) for each in limits]
    )
    refusing = [status for status in decision.limits if status.refusal_reason]
    decision.refused_by.extend(refusing)
    decision.allowed = not refusing
    exhausted = [status for status in refusing if status.refusal_reason == EXHAUSTED]
    if exhausted:
        decision.reason = EXHAUSTED
        if all(status.HasField("reset_time") for status in exhausted):
            latest = max(moment_of(status.reset_time) for status in exhausted)
            decision.retry_after.CopyFrom(span(latest - world.now))
    elif refusing:
        decision.reason = BUSY
        decision.retry_after.CopyFrom(span(BUSY_RETRY))
    return decision


def describe(world: World, each: InForce) -> LimitStatus:
    """Describe a limit in force without asking for anything."""
    limit = each.limit
    inside = window(limit.period, world.now)
    spent = world.spent(each.kind, each.name, limit.unit, inside)
    held = world.held(each.kind, each.name, limit.unit, inside)
    status = LimitStatus(
        scope=each.scope, source=limit.target, unit=limit.unit, period=limit.period, spent=spent, held=held
    )
    if inside is not None:
        status.window_start_time.CopyFrom(stamp(inside[0]))
        status.reset_time.CopyFrom(stamp(inside[1]))
    if limit.unlimited:
        status.unlimited = True
    else:
        status.limit = limit.amount
        status.remaining = max(0, limit.amount - spent - held)
    return status


def _evaluate(world: World, each: InForce, amount: int, instead_of: HoldEntry | None) -> LimitStatus:
    status = describe(world, each)
    if status.unlimited:
        return status
    held = status.held - _held_by(world, each, instead_of)
    if not _passes(status.spent, amount, status.limit):
        status.refusal_reason = EXHAUSTED
    elif not _passes(status.spent + held, amount, status.limit):
        status.refusal_reason = BUSY
    return status


def _passes(used: int, amount: int, limit: int) -> bool:
    return used + amount <= limit if amount else used < limit


def _held_by(world: World, each: InForce, hold: HoldEntry | None) -> int:
    if hold is None or not within(window(each.limit.period, world.now), hold.window_time):
        return 0
    return 1 if each.limit.unit == IN_FLIGHT else hold.held.get(each.limit.unit, 0)


def _of_user(world: World, user: str, groups: tuple[str, ...]) -> Iterator[InForce]:
    for unit in sorted(world.units | {IN_FLIGHT}):
        for period in PERIODS if unit != IN_FLIGHT else (PERIOD_LIFETIME,):
            own = in_force(world, (TargetKind.TARGET_KIND_USER, user, unit, period))
            default = in_force(world, (TargetKind.TARGET_KIND_NAMESPACE_DEFAULT, "", unit, period))
            keys = [(TargetKind.TARGET_KIND_GROUP_DEFAULT, group, unit, period) for group in groups]
            of_groups = [limit for limit in (in_force(world, key) for key in keys) if limit]
            limit = own or _winner(world, of_groups) or default
            if limit:
                yield InForce(_scope(limit, Scope.SCOPE_ACCOUNT_PERIOD), limit, "user", user)


def _winner(world: World, limits: list[Limit]) -> Limit | None:
    """Return the smallest limit, or the largest; of equal ones that of the first group by name."""
    largest = world.group_rule == GroupRule.GROUP_RULE_MAX

    def size(limit: Limit) -> float:
        amount = float("inf") if limit.unlimited else float(limit.amount)
        return -amount if largest else amount

    return min(sorted(limits, key=lambda limit: limit.target.id), key=size, default=None)


def _on(world: World, kind: TargetKind.ValueType, name: str, account: str) -> Iterator[InForce]:
    scope = Scope.SCOPE_CHAT_LIFETIME if account == "chat" else Scope.SCOPE_POOL
    for key in sorted(world.limits):
        limit = in_force(world, key)
        if limit and key[:2] == (kind, name):
            yield InForce(_scope(limit, scope), limit, account, name)


def _scope(limit: Limit, scope: Scope.ValueType) -> Scope.ValueType:
    return Scope.SCOPE_IN_FLIGHT if limit.unit == IN_FLIGHT else scope
