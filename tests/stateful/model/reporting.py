"""Status and lists (docs/semantics.md, Status, Ledger)."""

from almoner.v1.admin_service_pb2 import (
    GetUserGroupsRequest,
    GetUserGroupsResponse,
    ListChargesRequest,
    ListChargesResponse,
    ListHoldsRequest,
    ListHoldsResponse,
    ListLimitChangesRequest,
    ListLimitChangesResponse,
    ListLimitsRequest,
    ListLimitsResponse,
)
from almoner.v1.quota_service_pb2 import GetStatusRequest, GetStatusResponse
from almoner.v1.resources_pb2 import Account, AccountKind, AccountStatus, Scope, Settlement, Usage

from tests.stateful.model.booking import as_it_is
from tests.stateful.model.chats import chain_of
from tests.stateful.model.evaluation import describe, in_force, limits_of
from tests.stateful.model.expiry import expire_due
from tests.stateful.model.holds import hold_message
from tests.stateful.model.windows import PERIODS, stamp, window
from tests.stateful.model.world import Spender, World


def status(world: World, request: GetStatusRequest) -> GetStatusResponse:
    """Answer a GetStatus."""
    expire_due(world)
    user = request.subject.user
    chain = chain_of(world, request.chat.id, request.chat.parent_id)
    groups = world.groups_of(user, set(request.subject.groups)) if user else ()
    answer = GetStatusResponse(chat_chain=chain, as_of_time=stamp(world.now))
    answer.limits.extend(describe(world, each) for each in limits_of(world, Spender(user, groups, chain)))
    if user:
        answer.accounts.append(_account(world, AccountKind.ACCOUNT_KIND_USER, "user", user))
    answer.accounts.extend(_account(world, AccountKind.ACCOUNT_KIND_CHAT, "chat", chat) for chat in chain)
    for each in answer.limits:
        if each.scope == Scope.SCOPE_CHAT_LIFETIME and not each.unlimited:
            smallest = answer.chat_remaining.get(each.unit, each.remaining)
            answer.chat_remaining[each.unit] = min(smallest, each.remaining)
    return answer


def list_charges(world: World, request: ListChargesRequest) -> ListChargesResponse:
    """Answer a ListCharges, oldest first."""
    expire_due(world)
    return ListChargesResponse(
        charges=[
            as_it_is(charge)
            for charge in world.charges.values()
            if request.user in ("", charge.spender.user)
            and (not request.chat_id or request.chat_id in charge.spender.chain)
            and request.hold_id in ("", charge.message.hold_id)
            and (charge.open or not request.open_only)
        ]
    )


def list_holds(world: World, request: ListHoldsRequest) -> ListHoldsResponse:
    """Answer a ListHolds, oldest first."""
    expire_due(world)
    return ListHoldsResponse(
        holds=[
            hold_message(world, hold)
            for hold in world.holds.values()
            if request.user in ("", hold.spender.user)
            and (not request.chat_id or request.chat_id in hold.spender.chain)
            and request.state in (0, hold.state)
        ]
    )


def list_limits(world: World, request: ListLimitsRequest) -> ListLimitsResponse:
    """Answer a ListLimits."""
    found = [in_force(world, key) for key in sorted(world.limits)]
    return ListLimitsResponse(limits=[limit for limit in found if limit])


def list_limit_changes(world: World, request: ListLimitChangesRequest) -> ListLimitChangesResponse:
    """Answer a ListLimitChanges, oldest first."""
    return ListLimitChangesResponse(limit_changes=world.changes)


def get_user_groups(world: World, request: GetUserGroupsRequest) -> GetUserGroupsResponse:
    """Answer a GetUserGroups."""
    return GetUserGroupsResponse(groups=sorted(world.groups.get(request.user, ())))


def _account(world: World, kind: AccountKind.ValueType, word: str, name: str) -> AccountStatus:
    open_charges = [
        charge.message.settlement
        for charge in world.charges.values()
        if charge.open and charge.spender.counts_on(word, name)
    ]
    found = AccountStatus(
        account=Account(kind=kind, id=name),
        open_holds=world.held(word, name, "in_flight", None),
        open_estimates=open_charges.count(Settlement.SETTLEMENT_ESTIMATE),
        open_unpriced=open_charges.count(Settlement.SETTLEMENT_UNPRICED),
    )
    for unit in sorted(world.units):
        for period in PERIODS:
            inside = window(period, world.now)
            spent, held = world.spent(word, name, unit, inside), world.held(word, name, unit, inside)
            usage = found.usages.add(unit=unit, period=period, spent=spent, held=held)
            if inside is not None:
                _bound(usage, *map(stamp, inside))
    return found


def _bound(usage: Usage, start: object, end: object) -> None:
    usage.window_start_time.CopyFrom(start)  # type: ignore[arg-type]
    usage.reset_time.CopyFrom(end)  # type: ignore[arg-type]
