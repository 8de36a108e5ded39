"""(d) SELECT ... FOR UPDATE with hold and ledger rows, one transaction for each check and each commit: exact."""

from uuid import UUID

from almoner import new_id

from bench.schemes.base import Scheme


class ForUpdate(Scheme):
    """Locks the user's row, decides, writes."""

    name = "SELECT FOR UPDATE"
    schema = """
        CREATE TABLE accounts (user_id text PRIMARY KEY, spent bigint NOT NULL, held bigint NOT NULL)
            WITH (fillfactor = 70);
        CREATE TABLE holds (
            id uuid PRIMARY KEY, user_id text NOT NULL, amount bigint NOT NULL, open boolean NOT NULL,
            at timestamptz NOT NULL
        ) WITH (fillfactor = 85);
        CREATE TABLE ledger (
            id uuid PRIMARY KEY, user_id text NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL
        );
        CREATE INDEX ledger_of_user ON ledger (user_id, at)
    """
    fill = "INSERT INTO accounts SELECT id, 0, 0 FROM unnest($1::text[]) AS id"

    async def check(self, number: int) -> tuple[UUID, str] | None:
        """Set the amount aside if it fits."""
        user, hold_id, held = self.terms.user(number), UUID(new_id()), self.terms.held
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT spent + held AS taken FROM accounts WHERE user_id = $1 FOR UPDATE", user
            )
            assert row is not None
            if row["taken"] + held > self.terms.limit:
                return None
            await connection.execute("UPDATE accounts SET held = held + $2 WHERE user_id = $1", user, held)
            await connection.execute(
                "INSERT INTO holds VALUES ($1, $2, $3, true, now())", hold_id, user, held
            )
        return hold_id, user

    async def commit(self, ticket: tuple[UUID, str]) -> None:
        """Book the cost and give the hold back."""
        hold_id, user = ticket
        spent = self.terms.spent
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM accounts WHERE user_id = $1 FOR UPDATE", user)
            held = await connection.fetchval(
                "UPDATE holds SET open = false WHERE id = $1 AND open RETURNING amount", hold_id
            )
            await connection.execute(
                "UPDATE accounts SET spent = spent + $2, held = held - $3 WHERE user_id = $1",
                user,
                spent,
                held,
            )
            await connection.execute("INSERT INTO ledger VALUES ($1, $2, $3, now())", hold_id, user, spent)
