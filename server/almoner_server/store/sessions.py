"""Sessions: how PostgreSQL is to plan the statements of a connection, and for how long it is patient with them."""

from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

_Bare: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

BY_KEY = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
"""What the planner must not choose where rows are looked up by their keys.

It cannot know how many keys a batch brings, takes 100 for granted, and would read all of a table while that is
small, and go on to as it grows.
"""
ANY_PLAN = "; ".join(f"SET LOCAL {name} = on" for name in BY_KEY)
"""SQL that gives the planner its choice back, for statements that read widely."""
CUSTOM_PLANS = f"SET LOCAL plan_cache_mode = force_custom_plan; {ANY_PLAN}"
"""SQL that plans statements for their own parameters: with optional filters they need it to use an index."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Says how to connect. Times are in seconds.

    `pool_size` connections at most serve batches, reads and administration together. Behind pgbouncer in
    transaction mode `statement_cache_size` must be 0. `application_name` is what pg_stat_activity shows.
    """

    pool_size: int = 8
    statement_cache_size: int = 100
    application_name: str = "almoner"
    connect_timeout: float = 10.0
    statement_timeout: float = 10.0
    lock_timeout: float = 5.0
    idle_timeout: float = 3.0
    """How long the database waits for the next statement of a transaction, which takes us milliseconds."""


def patience(seconds: float) -> str:
    """Return SQL that lets the statements of this transaction run longer and read more than usual."""
    return f"{ANY_PLAN}; SET LOCAL statement_timeout = {_milliseconds(seconds)}"


def keeps_sessions(options: StoreOptions) -> bool:
    """Tell whether what is set at connect stays set: behind pgbouncer each transaction may have another session."""
    return options.statement_cache_size > 0


def settings(options: StoreOptions, command: str) -> str:
    """Return SQL that sets up a session (`command` is SET) or a transaction (SET LOCAL) as batches need it."""
    return (
        "".join(f"{command} {name} = off; " for name in BY_KEY)
        # Planning the write of a batch takes longer than carrying it out.
        + f"{command} plan_cache_mode = force_generic_plan; "
        f"{command} jit = off; "  # compiling takes longer than any statement here runs
        f"{command} statement_timeout = {_milliseconds(options.statement_timeout)}; "
        f"{command} lock_timeout = {_milliseconds(options.lock_timeout)}; "
        f"{command} idle_in_transaction_session_timeout = {_milliseconds(options.idle_timeout)}"
    )


class Newcomers:
    """Prepares each new connection, and counts them."""

    def __init__(self, options: StoreOptions) -> None:
        self._options = options
        self.count = 0

    async def __call__(self, connection: _Bare) -> None:
        """Set the session up, unless it may be another one at the next transaction."""
        self.count += 1
        if keeps_sessions(self._options):
            await connection.execute(settings(self._options, "SET"))


async def nothing_to_reset(_: _Bare) -> None:
    """Spare each transaction the round trip of asyncpg's own reset: no session state changes after connecting."""


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
