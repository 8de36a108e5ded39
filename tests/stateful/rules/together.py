"""Calls that travel in one batch, those of users never seen among them: then a server has to read what it knows."""

from itertools import count

from almoner.v1.quota_service_pb2 import CheckQuotaRequest, CommitRequest, HoldOptions
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.history import History
from tests.stateful.values import USERS, chat_ref, subject, uuid
from tests.stateful.wire import Wire

NOBODY_YET = "somebody new"
few = st.sampled_from((*USERS, NOBODY_YET))
commits = st.tuples(st.sampled_from((None, 0, 0, 0, 1, 2)), few, st.integers(0, 5), st.booleans())
checks = st.tuples(few, values.chats, values.parents, st.integers(0, 4), st.booleans())


class Together(History):
    """Commits and checks several at a time."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._newcomers = count(1)

    @rule(items=st.lists(commits, min_size=2, max_size=4))
    def commit_together(self, items: list[tuple[int | None, str, int, bool]]) -> None:
        """Settle holds, by their own id or another, and charge users directly."""
        charges = len(self.model.world.charges)
        requests = []
        for place, (back, user, amount, own_id) in enumerate(items):
            request = CommitRequest(namespace=self.namespace, amounts={"usd": amount})
            if back is None:
                request.subject.CopyFrom(subject(self._name(user), []))
            else:
                request.hold_id = self.hold_id(back)
            if back is None or own_id:
                request.charge_id = uuid("charge", charges + place)
            requests.append(request)
        self.call_together("Commit", requests)

    @rule(items=st.lists(checks, min_size=2, max_size=4))
    def check_together(self, items: list[tuple[str, str, str, int, bool]]) -> None:
        """Ask for several, with holds or without."""
        holds = len(self.model.world.holds)
        requests = []
        for place, (user, chat, parent, amount, with_hold) in enumerate(items):
            request = CheckQuotaRequest(
                namespace=self.namespace,
                subject=subject(self._name(user), []),
                chat=chat_ref(chat, "" if parent == chat else parent),
                amounts={"usd": amount},
            )
            if with_hold:
                request.hold.CopyFrom(HoldOptions(id=uuid("hold", holds + place)))
            requests.append(request)
        self.call_together("CheckQuota", requests)

    def _name(self, user: str) -> str:
        return user if user != NOBODY_YET else f"newcomer {next(self._newcomers)}"
