"""(a) Read the balance, call the model, add the cost. Nothing is set aside, so all calls under way see the same."""

from bench.schemes.base import Scheme


class Balance(Scheme):
    """Reads, and later adds."""

    name = "read, then add"
    schema = "CREATE TABLE balances (user_id text PRIMARY KEY, spent bigint NOT NULL) WITH (fillfactor = 70)"
    fill = "INSERT INTO balances SELECT id, 0 FROM unnest($1::text[]) AS id"

    async def check(self, number: int) -> str | None:
        """Compare the balance with the limit."""
        user = self.terms.user(number)
        spent = await self.pool.fetchval("SELECT spent FROM balances WHERE user_id = $1", user)
        return user if spent + self.terms.held <= self.terms.limit else None

    async def commit(self, ticket: str) -> None:
        """Add the cost."""
        await self.pool.execute(
            "UPDATE balances SET spent = spent + $2 WHERE user_id = $1", ticket, self.terms.spent
        )
