"""Random histories of one namespace: the rules by which hypothesis makes and shrinks them.

The story of a failure is the list of steps that hypothesis prints: each says in few words what was called.
"""

from datetime import datetime, timedelta

from almoner.v1.admin_service_pb2 import (
    DeleteLimitRequest,
    GetUserGroupsRequest,
    ListChargesRequest,
    ListHoldsRequest,
    ListLimitChangesRequest,
    ListLimitsRequest,
    SetLimitRequest,
    SetUserGroupsRequest,
    UpdateNamespaceRequest,
)
from almoner.v1.quota_service_pb2 import (
    AdjustRequest,
    CheckQuotaRequest,
    CommitRequest,
    ExtendRequest,
    GetStatusRequest,
    HoldOptions,
    ReleaseRequest,
)
from almoner.v1.resources_pb2 import (
    AdjustmentKind,
    ExpiryAction,
    GroupRule,
    Namespace,
    Settlement,
)
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.stateful import values
from tests.stateful.history import History
from tests.stateful.model.expiry import estimate_id
from tests.stateful.model.windows import span, stamp
from tests.stateful.values import CHATS, PERIODS, STARTS, TARGETS, UNITS, USERS, chat_ref, subject, uuid

some_limit = st.fixed_dictionaries(
    {
        "target": st.sampled_from(sorted(TARGETS)),
        "unit": values.limit_units,
        "period": st.sampled_from(sorted(PERIODS)),
    }
)


class Authority(History):
    """Plays random histories."""

    @initialize(start=st.integers(0, len(STARTS) - 1))
    def begin_at(self, start: int) -> None:
        self.begin(start)

    @rule(
        user=values.users,
        groups=values.groups,
        chat=values.chats,
        parent=values.parents,
        amounts=values.amounts,
    )
    def check(self, user: str, groups: list[str], chat: str, parent: str, amounts: dict[str, int]) -> None:
        self.call("CheckQuota", self._check(user, groups, chat, parent, amounts))

    @rule(
        number=values.numbers,
        user=values.users,
        groups=values.groups,
        chat=values.chats,
        parent=values.parents,
        amounts=values.amounts,
        ttl=values.ttls,
        charge_at_expiry=st.booleans(),
        attributes=values.attributes,
    )
    def hold(
        self,
        number: int,
        user: str,
        groups: list[str],
        chat: str,
        parent: str,
        amounts: dict[str, int],
        ttl: int | None,
        charge_at_expiry: bool,
        attributes: dict[str, str],
    ) -> None:
        request = self._check(user, groups, chat, parent, amounts)
        action = (
            ExpiryAction.EXPIRY_ACTION_CHARGE if charge_at_expiry else ExpiryAction.EXPIRY_ACTION_UNSPECIFIED
        )
        request.hold.CopyFrom(HoldOptions(id=uuid("hold", number), on_expiry=action))
        if ttl:
            request.hold.ttl.CopyFrom(span(timedelta(seconds=ttl)))
        request.attributes.update(attributes)
        self.call("CheckQuota", request)

    @rule(
        number=values.numbers,
        amounts=values.amounts,
        charge=st.none() | values.numbers,
        partial=st.booleans(),
        settlement=st.sampled_from(("ACTUAL", "ACTUAL", "ESTIMATE", "UNPRICED")),
        user=st.sampled_from(("", "", "", *USERS)),
    )
    def commit(
        self,
        number: int,
        amounts: dict[str, int],
        charge: int | None,
        partial: bool,
        settlement: str,
        user: str,
    ) -> None:
        request = CommitRequest(
            namespace=self.namespace,
            hold_id=uuid("hold", number),
            charge_id="" if charge is None else uuid("charge", charge),
            amounts=amounts,
            partial=partial and charge is not None,
            settlement=Settlement.Value(f"SETTLEMENT_{settlement}"),
            subject=subject(user, []) if user else None,
        )
        self.call("Commit", request)

    @rule(
        number=values.numbers,
        user=values.users,
        groups=values.groups,
        chat=values.chats,
        parent=values.parents,
        amounts=values.amounts,
        settlement=st.sampled_from(("ACTUAL", "ACTUAL", "ESTIMATE", "UNPRICED")),
        ago=st.sampled_from((None, None, -120, -30, 0, 3600, 86_400, 40 * 86_400)),
    )
    def charge(
        self,
        number: int,
        user: str,
        groups: list[str],
        chat: str,
        parent: str,
        amounts: dict[str, int],
        settlement: str,
        ago: int | None,
    ) -> None:
        occurred_at = None if ago is None else stamp(self.model.world.now - timedelta(seconds=ago))
        request = CommitRequest(
            namespace=self.namespace,
            charge_id=uuid("charge", number),
            subject=subject(user, groups),
            chat=chat_ref(chat, parent),
            amounts=amounts or {"usd": 1},
            settlement=Settlement.Value(f"SETTLEMENT_{settlement}"),
            occurred_at=occurred_at,
        )
        self.call("Commit", request)

    @rule(number=values.numbers)
    def release(self, number: int) -> None:
        self.call("Release", ReleaseRequest(namespace=self.namespace, hold_id=uuid("hold", number)))

    @rule(number=values.numbers, amounts=values.amounts, ttl=values.ttls)
    def extend(self, number: int, amounts: dict[str, int], ttl: int | None) -> None:
        request = ExtendRequest(namespace=self.namespace, hold_id=uuid("hold", number), amounts=amounts)
        if ttl or not amounts:
            request.ttl.CopyFrom(span(timedelta(seconds=ttl or 60)))
        self.call("Extend", request)

    @rule(
        number=values.numbers,
        of=st.tuples(st.sampled_from(("charge", "hold", "estimate of hold")), values.numbers),
        refund=st.booleans(),
        amounts=st.dictionaries(st.sampled_from(UNITS), st.integers(1, 4), min_size=1, max_size=2),
    )
    def adjust(self, number: int, of: tuple[str, int], refund: bool, amounts: dict[str, int]) -> None:
        kind, which = of
        charge_id = estimate_id(uuid("hold", which)) if kind.startswith("estimate") else uuid(kind, which)
        request = AdjustRequest(
            namespace=self.namespace,
            adjustment_id=uuid("adjustment", number),
            charge_id=charge_id,
            kind=AdjustmentKind.Value(f"ADJUSTMENT_KIND_{'REFUND' if refund else 'ACTUAL'}"),
            amounts=amounts,
        )
        self.call("Adjust", request)

    @rule(
        on=some_limit,
        amount=st.none() | st.integers(0, 6),
        hours=st.sampled_from((None, None, None, 1, 30)),
        etag=st.sampled_from(("", "", "right", "wrong")),
    )
    def set_limit(self, on: dict[str, str], amount: int | None, hours: int | None, etag: str) -> None:
        request = self._set_limit(on, hours, etag)
        if amount is None:
            request.unlimited = True
        else:
            request.amount = amount
        self.call("SetLimit", request)

    @rule(on=some_limit, number=values.numbers, delta=st.integers(1, 3))
    def top_up(self, on: dict[str, str], number: int, delta: int) -> None:
        request = self._set_limit(on, None, "")
        request.delta = delta
        request.request_id = uuid("request", number)
        self.call("SetLimit", request)

    @rule(which=st.integers(0, 5), number=values.numbers, delta=st.integers(1, 3))
    def top_up_one_that_is_set(self, which: int, number: int, delta: int) -> None:
        for kind, name, unit, period in sorted(self.model.world.limits)[which : which + 1]:
            request = SetLimitRequest(namespace=self.namespace, unit=unit, period=period, delta=delta)
            request.target.kind, request.target.id = kind, name
            request.request_id = uuid("request", number)
            self.call("SetLimit", request)

    @rule(which=st.integers(0, 5), etag=st.sampled_from(("", "right", "wrong")))
    def delete_limit(self, which: int, etag: str) -> None:
        for key in sorted(self.model.world.limits)[which : which + 1]:
            kind, name, unit, period = key
            request = DeleteLimitRequest(namespace=self.namespace, unit=unit, period=period, actor="me")
            request.target.kind, request.target.id = kind, name
            request.etag = {"": "", "wrong": "wrong", "right": self.model.world.limits[key].etag}[etag]
            self.call("DeleteLimit", request)

    @rule(user=values.users, groups=values.groups)
    def set_groups(self, user: str, groups: list[str]) -> None:
        self.call("SetUserGroups", SetUserGroupsRequest(namespace=self.namespace, user=user, groups=groups))

    @rule(change=st.sampled_from(("enabled", "disabled", "enabled", "MIN", "MAX", "units", "unit removed")))
    def settings(self, change: str) -> None:
        wanted = Namespace(name=self.namespace)
        if change in ("enabled", "disabled"):
            wanted.enabled, path = change == "enabled", "enabled"
        elif change in ("MIN", "MAX"):
            wanted.group_rule, path = GroupRule.Value(f"GROUP_RULE_{change}"), "group_rule"
        else:
            wanted.units.extend(["usd", "tok", "msg"] if change == "units" else ["usd"])
            path = "units"
        self.call(
            "UpdateNamespace", UpdateNamespaceRequest(namespace=wanted, update_mask=FieldMask(paths=[path]))
        )

    @rule(
        to=st.sampled_from(
            (
                "1 s",
                "1 min",
                "30 min",
                "3 h",
                "1 s before midnight",
                "midnight",
                "Monday",
                "next month",
                "1 d",
            )
        ),
        touch=st.sampled_from(("release", "extend", "commit", "hold")),
    )
    def clock(self, to: str, touch: str) -> None:
        """Let time pass. Whoever touches a hold whose time is over finds it expired, however it is touched."""
        moment = _later(self.model.world.now, to)
        if moment > self.start + values.LONGEST:
            return
        self.model.world.now = moment
        self.wire.set_clock(moment)
        holds = self.model.world.holds.values()
        for hold_id in [hold.id for hold in holds if hold.open and moment >= hold.expire_time]:
            self._touch(hold_id, touch)

    @rule(back=st.integers(1, 20))
    def again(self, back: int) -> None:
        """Send an earlier call once more, as it was."""
        for method, request in self.calls[-back:][:1]:
            self.call(method, request, keep=False)

    @rule(user=st.sampled_from(("", *USERS)), groups=values.groups, chat=values.chats)
    def status(self, user: str, groups: list[str], chat: str) -> None:
        if user or chat:
            request = GetStatusRequest(namespace=self.namespace, chat=chat_ref(chat, ""))
            if user:
                request.subject.CopyFrom(subject(user, groups))
            self.call("GetStatus", request, keep=False)

    @rule(user=st.sampled_from(("", *USERS)), chat=values.chats, number=st.none() | values.numbers)
    def ledger(self, user: str, chat: str, number: int | None) -> None:
        hold = "" if number is None else uuid("hold", number)
        name = self.namespace
        charges = ListChargesRequest(namespace=name, user=user, chat_id=chat, hold_id=hold, page_size=1000)
        self.call("ListCharges", charges, keep=False)
        holds = ListHoldsRequest(namespace=name, user=user, chat_id=chat, page_size=1000)
        self.call("ListHolds", holds, keep=False)

    def teardown(self) -> None:
        """Compare everything that is there in the end."""
        if self.differed:
            return
        name = self.namespace
        for user in USERS:
            self.call(
                "GetStatus", GetStatusRequest(namespace=name, subject=subject(user, ["a", "b"])), keep=False
            )
            self.call("GetUserGroups", GetUserGroupsRequest(namespace=name, user=user), keep=False)
        for chat in CHATS:
            self.call("GetStatus", GetStatusRequest(namespace=name, chat=chat_ref(chat, "")), keep=False)
        self.call("ListCharges", ListChargesRequest(namespace=name, page_size=1000), keep=False)
        self.call(
            "ListCharges", ListChargesRequest(namespace=name, page_size=1000, open_only=True), keep=False
        )
        self.call("ListHolds", ListHoldsRequest(namespace=name, page_size=1000), keep=False)
        self.call("ListLimits", ListLimitsRequest(namespace=name, page_size=1000), keep=False)
        self.call("ListLimitChanges", ListLimitChangesRequest(namespace=name, page_size=1000), keep=False)

    def _check(
        self, user: str, groups: list[str], chat: str, parent: str, amounts: dict[str, int]
    ) -> CheckQuotaRequest:
        return CheckQuotaRequest(
            namespace=self.namespace,
            subject=subject(user, groups),
            chat=chat_ref(chat, parent),
            amounts=amounts,
        )

    def _set_limit(self, on: dict[str, str], hours: int | None, etag: str) -> SetLimitRequest:
        target, unit = TARGETS[on["target"]], on["unit"]
        lifetime = on["target"].startswith("chat") or unit == "in_flight"
        period = PERIODS["LIFETIME" if lifetime else on["period"]]
        request = SetLimitRequest(
            namespace=self.namespace, target=target, unit=unit, period=period, actor="me", reason="why not"
        )
        if hours is not None and on["target"].startswith("user"):
            request.expire_time.CopyFrom(stamp(self.model.world.now + timedelta(hours=hours)))
        if etag:
            current = self.model.world.limits.get((target.kind, target.id, unit, period))
            request.etag = current.etag if current and etag == "right" else "wrong"
        return request

    def _touch(self, hold_id: str, how: str) -> None:
        name = self.namespace
        if how == "release":
            self.call("Release", ReleaseRequest(namespace=name, hold_id=hold_id))
        elif how == "extend":
            minute = span(timedelta(minutes=1))
            self.call("Extend", ExtendRequest(namespace=name, hold_id=hold_id, ttl=minute))
        elif how == "commit":
            self.call("Commit", CommitRequest(namespace=name, hold_id=hold_id, amounts={"usd": 2}))
        else:
            request = self._check("u1", [], "", "", {})
            request.hold.id = hold_id
            self.call("CheckQuota", request)


def _later(now: datetime, to: str) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "1 s": now + timedelta(seconds=1),
        "1 min": now + timedelta(minutes=1),
        "30 min": now + timedelta(minutes=30),
        "3 h": now + timedelta(hours=3),
        "1 s before midnight": max(now, midnight - timedelta(seconds=1)),
        "midnight": midnight,
        "Monday": midnight + timedelta(days=-midnight.weekday() % 7),
        "next month": (midnight.replace(day=1) + timedelta(days=31)).replace(day=1)
        if midnight.day > 1
        else midnight,
        "1 d": now + timedelta(days=1),
    }[to]
