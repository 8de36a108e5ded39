"""(c) Sum the ledger of the period at each check. The work grows with the ledger, and calls under way are not in it."""

from bench.schemes.base import Scheme


class LedgerSum(Scheme):
    """Sums, and later adds a row."""

    name = "sum of the ledger"
    schema = """
        CREATE TABLE ledger (user_id text NOT NULL, at timestamptz NOT NULL, amount bigint NOT NULL);
        CREATE INDEX ledger_of_user ON ledger (user_id, at) INCLUDE (amount)
    """

    async def check(self, number: int) -> str | None:
        """Compare what was booked this month with the limit."""
        user = self.terms.user(number)
        spent = await self.pool.fetchval(
            "SELECT coalesce(sum(amount), 0)::bigint FROM ledger"
            " WHERE user_id = $1 AND at >= date_trunc('month', now())",
            user,
        )
        return user if spent + self.terms.held <= self.terms.limit else None

    async def commit(self, ticket: str) -> None:
        """Book the cost."""
        await self.pool.execute("INSERT INTO ledger VALUES ($1, now(), $2)", ticket, self.terms.spent)
