"""Status and lists."""

from almoner.v1.admin_service_pb2 import (
    GetUserGroupsRequest,
    ListChargesRequest,
    ListHoldsRequest,
    ListLimitChangesRequest,
    ListLimitsRequest,
)
from almoner.v1.quota_service_pb2 import GetStatusRequest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.history import History
from tests.stateful.values import CHATS, USERS, chat_ref, subject


class Looking(History):
    """Looks at what is there."""

    @rule(user=st.sampled_from(("", *USERS)), groups=values.groups, chat=values.chats)
    def status(self, user: str, groups: list[str], chat: str) -> None:
        if user or chat:
            request = GetStatusRequest(namespace=self.namespace, chat=chat_ref(chat, ""))
            if user:
                request.subject.CopyFrom(subject(user, groups))
            self.call("GetStatus", request, keep=False)

    @rule(user=st.sampled_from(("", *USERS)), chat=values.chats, back=st.none() | values.backs)
    def ledger(self, user: str, chat: str, back: int | None) -> None:
        hold = "" if back is None else self.hold_id(back)
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
