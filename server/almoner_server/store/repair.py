"""Put right what `verify` has found wrong with counters and lists, while callers go on spending.

The ledger and the holds are what happened; an account's row is only their sum, and the list of expiries only says when
to look at them. So a row that is wrong, missing or left over can be made anew. What cannot, as an id that occurs twice,
is left to a person.

Accounts are made anew in one transaction, with the locks of a batch and in their order: namespaces, so that no limit
and no pool comes or goes, then accounts. Under them the sums are taken again: what was found may have been spent on
since. A batch that had read one of the rows before finds its version changed, and begins again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from almoner_server.core.records import AccountKey
from almoner_server.store.connect import Database
from almoner_server.store.errors import Conflict
from almoner_server.store.json_rows import to_json_rows
from almoner_server.store.queries import query
from almoner_server.store.sessions import patience
from almoner_server.store.verify import UNLISTED, VERIFY_SECONDS, Finding

NAMESPACE, KIND, ID = AccountKey._fields
MAX_TRIES = 20
"""How often callers may come first, by adding a row that was missing, before the repair is given up."""
PAUSE_SECONDS = 0.05


async def repair(database: Database, findings: Sequence[Finding]) -> int:
    """Make the accounts of findings anew, and list holds that are not listed; returns how many of both it was.

    Callers that spend on one of these accounts wait for as long as it takes.

    Raises:
        StoreUnavailable: it is not known how much of it was done.
    """
    keys = sorted({finding.account for finding in findings if finding.account is not None})
    unlisted = sorted({finding.namespace for finding in findings if finding.kind == UNLISTED})
    listed = await _list_holds(database, unlisted) if unlisted else 0
    if keys:
        await _make_anew(database, keys)
    return len(keys) + listed


async def _list_holds(database: Database, namespaces: Sequence[str]) -> int:
    """List the open holds that are not. Nobody has to wait: one that is extended meanwhile is listed twice."""
    async with database.transaction() as connection:
        await connection.execute(patience(VERIFY_SECONDS))
        listed: int = await connection.fetchval(query("repair_expiries"), namespaces, timeout=VERIFY_SECONDS)
    return listed


async def _make_anew(database: Database, keys: Sequence[AccountKey]) -> None:
    for _ in range(MAX_TRIES - 1):
        with suppress(Conflict):
            await _repair(database, keys)
            return
        await asyncio.sleep(PAUSE_SECONDS)
    await _repair(database, keys)


async def _repair(database: Database, keys: Sequence[AccountKey]) -> None:
    rows = to_json_rows((NAMESPACE, KIND, ID), keys)
    async with database.transaction() as connection:
        await connection.execute(patience(VERIFY_SECONDS))
        await connection.execute(query("lock_namespaces"), sorted({key.namespace for key in keys}))
        for step in _STEPS:
            await connection.execute(query(step), rows, timeout=VERIFY_SECONDS)


_STEPS = (
    "lock_accounts",
    "repair_missing",
    "lock_accounts",  # those that somebody else has added meanwhile
    "repair_pools",
    "repair_counters",
)
