"""Time passes, and calls are made again."""

from datetime import datetime, timedelta

from almoner.v1.quota_service_pb2 import (
    CheckQuotaRequest,
    CommitRequest,
    ExtendRequest,
    HoldOptions,
    ReleaseRequest,
)
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.model.windows import moment_of, span
from tests.stateful.rules.holding import Holding
from tests.stateful.rules.ruling import Ruling
from tests.stateful.rules.spending import Spending
from tests.stateful.values import subject


class Passing(Holding, Spending, Ruling):
    """Lets time pass."""

    @rule(
        to=st.sampled_from(
            (
                "next expiry",
                "next expiry",
                "1 s",
                "30 min",
                "1 s before midnight",
                "midnight",
                "Monday",
                "next month",
            )
        ),
        touch=st.sampled_from(("release", "extend", "commit", "hold")),
    )
    def clock(self, to: str, touch: str) -> None:
        """Let time pass. Whoever touches a hold whose time is over finds it expired, however it is touched."""
        if not self.sets_clock:
            return
        moment = self._next_expiry() if to == "next expiry" else _later(self.model.world.now, to)
        if moment > self.start + values.LONGEST:
            return
        self.model.world.now = moment
        self.wire.set_clock(moment)
        holds = self.model.world.holds.values()
        for hold_id in [hold.id for hold in holds if hold.open and moment >= hold.expire_time]:
            self._touch(hold_id, touch)

    @rule(amount=st.integers(0, 3), period=st.sampled_from(("DAY", "LIFETIME")))
    def override_that_ends(self, amount: int, period: str) -> None:
        """Let a user have a limit of its own for an hour, and check at the very end of it."""
        self.set_limit({"target": "user u1", "unit": "usd", "period": period}, amount, 1, "")
        self.clock("next expiry", "release")
        self.check("u1", [], "", "", {"usd": 1})

    @rule(amounts=st.tuples(*[st.integers(1, 4)] * 3), limit=st.integers(2, 8))
    def grow_the_day_after(self, amounts: tuple[int, int, int], limit: int) -> None:
        """Let holds of an evening grow in the morning, against the limit of one day."""
        self.set_limit({"target": "default", "unit": "usd", "period": "DAY"}, limit, None, "")
        self.clock("1 s before midnight", "release")
        for amount in amounts[:2]:
            self.hold(True, "u1", [], "", "", {"usd": amount}, None, False, {})
        self.clock("midnight", "release")
        for back, amount in enumerate(amounts[1:]):
            self.extend(back, {"usd": amount + 1}, None)
        self.commit(0, {"usd": amounts[0]}, "new", True, "ACTUAL", "")

    @rule(before=values.groups, after=values.groups, named=values.groups, amount=st.integers(1, 4))
    def grow_in_other_groups(
        self, before: list[str], after: list[str], named: list[str], amount: int
    ) -> None:
        """Let a hold grow after its user was put into other groups."""
        for group, limit in (("members of a", 2), ("members of b", 6), ("default", 4)):
            self.set_limit({"target": group, "unit": "usd", "period": "LIFETIME"}, limit, None, "")
        self.set_groups("u1", before)
        self.hold(True, "u1", named, "", "", {"usd": 1}, None, False, {})
        self.set_groups("u1", after)
        self.extend(0, {"usd": 1 + amount}, None)

    @rule(back=st.integers(1, 20) | st.integers(1, 200))
    def again(self, back: int) -> None:
        """Send an earlier call once more, as it was."""
        for method, request in self.calls[-back:][:1]:
            self.call(method, request, keep=False)

    def _next_expiry(self) -> datetime:
        """Return the first moment ahead at which a hold or a limit ends; now if there is none."""
        world = self.model.world
        ends = [hold.expire_time for hold in world.holds.values() if hold.open]
        ends += [
            moment_of(limit.expire_time) for limit in world.limits.values() if limit.HasField("expire_time")
        ]
        return min((end for end in ends if end > world.now), default=world.now)

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
            request = CheckQuotaRequest(
                namespace=name, subject=subject("u1", []), hold=HoldOptions(id=hold_id)
            )
            self.call("CheckQuota", request)


def _later(now: datetime, to: str) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "1 s": now + timedelta(seconds=1),
        "30 min": now + timedelta(minutes=30),
        "1 s before midnight": max(now, midnight - timedelta(seconds=1)),
        "midnight": midnight,
        "Monday": midnight + timedelta(days=-midnight.weekday() % 7),
        "next month": (midnight.replace(day=1) + timedelta(days=31)).replace(day=1)
        if midnight.day > 1
        else midnight,
    }[to]
