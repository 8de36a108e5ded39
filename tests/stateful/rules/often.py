"""Plain steps that most stories need: without these a random history seldom gets near a limit."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.stateful import values
from tests.stateful.rules.holding import Holding
from tests.stateful.rules.ruling import Ruling
from tests.stateful.rules.spending import Spending

some = st.integers(1, 4)
few_users = st.sampled_from(("u1", "u1", "u2"))


class Often(Holding, Spending, Ruling):
    """Holds, settles and spends small amounts of one unit."""

    @rule(user=few_users, amount=some, groups=values.groups)
    def hold_some(self, user: str, amount: int, groups: list[str]) -> None:
        self.hold(True, user, groups, "", "", {"usd": amount}, None, False, {})

    @rule(
        chat=st.sampled_from(values.CHATS), parent=values.parents, amount=some, charge_at_expiry=st.booleans()
    )
    def hold_some_in(self, chat: str, parent: str, amount: int, charge_at_expiry: bool) -> None:
        self.hold(
            True, "u1", [], chat, "" if parent == chat else parent, {"usd": amount}, 60, charge_at_expiry, {}
        )

    @rule(amount=st.integers(0, 5), partial=st.booleans())
    def commit_some(self, amount: int, partial: bool) -> None:
        self.commit(0, {"usd": amount}, "new", partial, "ACTUAL", "")

    @rule(
        user=few_users,
        chat=values.chats,
        amount=some,
        groups=values.groups,
        ago=st.sampled_from((None, 90_000)),
    )
    def spend(self, user: str, chat: str, amount: int, groups: list[str], ago: int | None) -> None:
        self.charge(True, user, groups, chat, "", {"usd": amount}, "ACTUAL", ago)

    @rule(amount=st.integers(2, 6))
    def extend_some(self, amount: int) -> None:
        self.extend(0, {"usd": amount}, None)

    @rule(number=st.integers(0, 9), back=st.integers(0, 1), amount=some)
    def refund_some(self, number: int, back: int, amount: int) -> None:
        self.adjust(number, back, True, {"usd": amount})

    @rule(
        period=st.sampled_from(("DAY", "MONTH")),
        general=st.integers(0, 6),
        amounts=st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6)),
        group_rule=st.sampled_from(("MIN", "MAX")),
    )
    def rival_defaults(
        self, period: str, general: int, amounts: tuple[int, int | None], group_rule: str
    ) -> None:
        """Let a user in both groups have three defaults."""
        self.settings(group_rule)
        for target, amount in (
            ("default", general),
            ("members of a", amounts[0]),
            ("members of b", amounts[1]),
        ):
            self.set_limit({"target": target, "unit": "usd", "period": period}, amount, None, "")
        self.check("u1", ["a", "b"], "", "", {"usd": 1})
