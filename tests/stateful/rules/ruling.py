"""Limits, groups and settings."""

from datetime import timedelta

from almoner.v1.admin_service_pb2 import (
    DeleteLimitRequest,
    SetLimitRequest,
    SetUserGroupsRequest,
    UpdateNamespaceRequest,
)
from almoner.v1.resources_pb2 import GroupRule, Namespace
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.history import History
from tests.stateful.model.windows import stamp
from tests.stateful.values import PERIODS, TARGETS, uuid

some_limit = st.fixed_dictionaries(
    {
        "target": st.sampled_from(values.LIMITED),
        "unit": values.limit_units,
        "period": st.sampled_from(("DAY", "DAY", "WEEK", "MONTH", "LIFETIME", "LIFETIME")),
    }
)


class Ruling(History):
    """Sets limits and changes settings."""

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

    @rule(
        change=st.sampled_from(
            ("enabled", "disabled", "enabled", "MIN", "MAX", "MAX", "units", "unit removed")
        )
    )
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
