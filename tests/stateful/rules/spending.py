"""Costs, and their corrections."""

from datetime import timedelta

from almoner.v1.quota_service_pb2 import AdjustRequest, CommitRequest
from almoner.v1.resources_pb2 import AdjustmentKind, Settlement
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.history import History
from tests.stateful.model.windows import stamp
from tests.stateful.values import UNITS, USERS, chat_ref, subject, uuid


class Spending(History):
    """Commits, charges and corrects."""

    @rule(
        back=values.backs,
        amounts=values.amounts,
        charge=st.sampled_from(("", "", "new", "new", "last")),
        partial=st.booleans(),
        settlement=st.sampled_from(("ACTUAL", "ACTUAL", "ESTIMATE", "UNPRICED")),
        user=st.sampled_from(("", "", "", *USERS)),
    )
    def commit(
        self,
        back: int,
        amounts: dict[str, int],
        charge: str,
        partial: bool,
        settlement: str,
        user: str,
    ) -> None:
        request = CommitRequest(
            namespace=self.namespace,
            hold_id=self.hold_id(back),
            charge_id=charge and self.charge_id(-1 if charge == "new" else 0),
            amounts=amounts,
            partial=partial and charge != "",
            settlement=Settlement.Value(f"SETTLEMENT_{settlement}"),
            subject=subject(user, []) if user else None,
        )
        self.call("Commit", request)

    @rule(
        new=values.new_ones,
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
        new: bool,
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
            charge_id=self.charge_id(-1 if new else 0),
            subject=subject(user, groups),
            chat=chat_ref(chat, parent),
            amounts=amounts or {"usd": 1},
            settlement=Settlement.Value(f"SETTLEMENT_{settlement}"),
            occurred_at=occurred_at,
        )
        self.call("Commit", request)

    @rule(
        number=values.numbers,
        back=values.backs,
        refund=st.booleans(),
        amounts=st.dictionaries(st.sampled_from(UNITS), st.integers(1, 4), min_size=1, max_size=2),
    )
    def adjust(self, number: int, back: int, refund: bool, amounts: dict[str, int]) -> None:
        request = AdjustRequest(
            namespace=self.namespace,
            adjustment_id=uuid("adjustment", number),
            charge_id=self.charge_id(back),
            kind=AdjustmentKind.Value(f"ADJUSTMENT_KIND_{'REFUND' if refund else 'ACTUAL'}"),
            amounts=amounts,
        )
        self.call("Adjust", request)
