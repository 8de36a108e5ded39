"""Checks, and the life of a hold until it ends without a cost."""

from datetime import timedelta

from almoner.v1.quota_service_pb2 import CheckQuotaRequest, ExtendRequest, HoldOptions, ReleaseRequest
from almoner.v1.resources_pb2 import ExpiryAction
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.history import History
from tests.stateful.model.windows import span
from tests.stateful.values import chat_ref, subject


class Holding(History):
    """Asks, and holds."""

    @rule(
        user=values.users,
        groups=values.groups,
        chat=values.chats,
        parent=values.parents,
        amounts=values.amounts,
    )
    def check(self, user: str, groups: list[str], chat: str, parent: str, amounts: dict[str, int]) -> None:
        self.call("CheckQuota", self.asking(user, groups, chat, parent, amounts))

    @rule(
        new=values.new_ones,
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
        new: bool,
        user: str,
        groups: list[str],
        chat: str,
        parent: str,
        amounts: dict[str, int],
        ttl: int | None,
        charge_at_expiry: bool,
        attributes: dict[str, str],
    ) -> None:
        request = self.asking(user, groups, chat, parent, amounts)
        action = (
            ExpiryAction.EXPIRY_ACTION_CHARGE if charge_at_expiry else ExpiryAction.EXPIRY_ACTION_UNSPECIFIED
        )
        request.hold.CopyFrom(HoldOptions(id=self.hold_id(-1 if new else 0), on_expiry=action))
        if ttl and (self.sets_clock or ttl >= 60):
            request.hold.ttl.CopyFrom(span(timedelta(seconds=ttl)))
        request.attributes.update(attributes)
        self.call("CheckQuota", request)

    @rule(back=values.backs)
    def release(self, back: int) -> None:
        self.call("Release", ReleaseRequest(namespace=self.namespace, hold_id=self.hold_id(back)))

    @rule(back=values.backs, amounts=values.amounts, ttl=values.ttls)
    def extend(self, back: int, amounts: dict[str, int], ttl: int | None) -> None:
        request = ExtendRequest(namespace=self.namespace, hold_id=self.hold_id(back), amounts=amounts)
        if ttl or not amounts:
            seconds = max(ttl or 60, 1 if self.sets_clock else 60)
            request.ttl.CopyFrom(span(timedelta(seconds=seconds)))
        self.call("Extend", request)

    def asking(
        self, user: str, groups: list[str], chat: str, parent: str, amounts: dict[str, int]
    ) -> CheckQuotaRequest:
        return CheckQuotaRequest(
            namespace=self.namespace,
            subject=subject(user, groups),
            chat=chat_ref(chat, parent),
            amounts=amounts,
        )
