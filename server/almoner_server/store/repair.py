"""Put right what `verify` has found wrong with counters, while callers go on spending.

The ledger and the holds are what happened; an account's row is only their sum. So a row that is wrong, missing
or left over can be made anew. What cannot be made anew, as an id that occurs twice, is left to a person.

All is done in one transaction, with the locks of a batch and in their order: namespaces, so that no limit and
no pool comes or goes, then accounts. Under them the sums are taken again: what was found may have been spent on
since. A batch that had read one of the rows before finds its version changed, and begins again.
"""

import asyncio
from collections.abc import Sequence
from itertools import count

from almoner_server.core.records import AccountKey
from almoner_server.store.connect import Database, patience
from almoner_server.store.errors import Conflict
from almoner_server.store.json_rows import to_json_rows
from almoner_server.store.queries import query
from almoner_server.store.verify import VERIFY_SECONDS, Finding

NAMESPACE, KIND, ID = AccountKey._fields
MAX_TRIES = 20
"""How often callers may come first, by adding a row that was missing, before the repair is given up."""
PAUSE_SECONDS = 0.05


async def repair(database: Database, findings: Sequence[Finding]) -> int:
    """Make the accounts of findings anew; returns how many were given, other findings apart.

    Callers that spend on one of these accounts wait for as long as it takes.

    Raises:
        StoreUnavailable: nothing was changed, or it is not known whether the repair was committed.
    """
    keys = sorted({finding.account for finding in findings if finding.account is not None})
    if not keys:
        return 0
    for number in count(1):
        try:
            await _repair(database, keys)
            break
        except Conflict:
            if number == MAX_TRIES:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
    return len(keys)


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
