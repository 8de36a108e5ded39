"""What each recorded call did to the sums, as its answer tells: all that is needed to look for an order."""

from collections import Counter
from collections.abc import Iterable

from almoner.v1 import quota_service_pb2 as quota
from almoner.v1.admin_service_pb2 import SetLimitRequest
from almoner.v1.resources_pb2 import LimitStatus, Target, TargetKind
from google.protobuf.message import Message

from tests.concurrency.racing import CHAINS
from tests.concurrency.record import Call

ACCOUNTS = {
    TargetKind.TARGET_KIND_CHAT: "chat",
    TargetKind.TARGET_KIND_GROUP_POOL: "group",
    TargetKind.TARGET_KIND_NAMESPACE_POOL: "namespace",
}
Key = tuple[str, str, str, str]
"""What is counted (spent, held, limit), kind and name of the account, unit. Limits have those of their target."""
Sums = Counter[Key]


def changes(calls: Iterable[Call]) -> dict[Call, Sums]:
    """Return what each call adds to the sums; what changes a limit adds the difference."""
    return _Reader().read(calls)


def shown(call: Call) -> dict[Key, int]:
    """Return the sums and limits that an answer shows: those before its call."""
    answer = call.answer
    statuses: Iterable[LimitStatus] = ()
    if isinstance(answer, quota.CheckQuotaResponse | quota.ExtendResponse):
        statuses = answer.decision.limits
    elif isinstance(answer, quota.GetStatusResponse):
        statuses = answer.limits
    found: dict[Key, int] = {}
    asked = answer.hold if isinstance(answer, quota.ExtendResponse) else call.request
    user: str = getattr(asked, "subject", quota.GetStatusRequest().subject).user
    for status in statuses:
        kind = ACCOUNTS.get(status.source.kind, "user")
        name = user if kind == "user" else status.source.id
        found["spent", kind, name, status.unit] = status.spent
        found["held", kind, name, status.unit] = status.held
        found[limit_key(status.source, status.unit)] = status.limit
    return found


def limit_key(target: Target, unit: str) -> Key:
    """Return where the amount of a limit is kept."""
    return "limit", TargetKind.Name(target.kind), target.id, unit


class _Reader:
    """Reads calls in the order of their starts: a hold is taken before it is settled."""

    def __init__(self) -> None:
        self._accounts: dict[str, list[tuple[str, str]]] = {}
        self._held: dict[str, Counter[str]] = {}
        self._limits: Counter[Key] = Counter()

    def read(self, calls: Iterable[Call]) -> dict[Call, Sums]:
        return {
            call: self._change(call.request, call.answer)
            for call in sorted(calls, key=lambda each: each.start)
        }

    def _change(self, request: Message, answer: Message) -> Sums:
        match request:
            case SetLimitRequest():
                key = limit_key(request.target, request.unit)
                by = request.amount - self._limits[key]
                self._limits[key] = request.amount
                return Counter({key: by})
            case quota.CheckQuotaRequest() if isinstance(answer, quota.CheckQuotaResponse) and answer.hold_id:
                held = Counter({**request.amounts, "in_flight": 1})
                self._held[answer.hold_id] = held
                self._accounts[answer.hold_id] = _accounts(request)
                return _spread("held", held, self._accounts[answer.hold_id])
            case quota.CommitRequest():
                return self._commit(request)
            case quota.ExtendRequest() if isinstance(answer, quota.ExtendResponse):
                return self._extend(request.hold_id, answer)
            case quota.ReleaseRequest():
                return self._free(request.hold_id, self._held[request.hold_id])
            case _:
                return Counter()

    def _commit(self, request: quota.CommitRequest) -> Sums:
        cost = Counter(dict(request.amounts))
        if not request.hold_id:
            return _spread("spent", cost, _accounts(request))
        held = self._held[request.hold_id]
        freed = held & cost if request.partial else held
        self._held[request.hold_id] = held - freed
        found = self._free(request.hold_id, freed)
        found.update(_spread("spent", cost, self._accounts[request.hold_id]))
        return found

    def _extend(self, hold_id: str, answer: quota.ExtendResponse) -> Sums:
        before = self._held[hold_id]
        now = self._held[hold_id] = Counter({**answer.hold.held, "in_flight": 1})
        change = Counter({unit: now[unit] - before[unit] for unit in now | before})
        return _spread("held", change, self._accounts[hold_id])

    def _free(self, hold_id: str, amounts: Counter[str]) -> Sums:
        return _spread("held", Counter({unit: -by for unit, by in amounts.items()}), self._accounts[hold_id])


def _spread(what: str, amounts: Counter[str], accounts: list[tuple[str, str]]) -> Sums:
    return Counter({(what, *account, unit): by for account in accounts for unit, by in amounts.items() if by})


def _accounts(request: quota.CheckQuotaRequest | quota.CommitRequest) -> list[tuple[str, str]]:
    found = [("user", request.subject.user), ("namespace", "")]
    found += [("group", group) for group in request.subject.groups]
    return found + [("chat", chat) for chat in CHAINS[request.chat.id]]
