"""Put right what `verify` has found wrong with counters and lists, while callers go on spending.

The ledger and the holds are what happened; an account's row is only their sum, and the list of expiries only says when
to look at them. So a row that is wrong, missing or left over can be made anew. What cannot, as an id that occurs twice,
is left to a person.

All is done in one transaction, with the locks of a batch and in their order: namespaces, so that no limit and
no pool comes or goes, then accounts. Under them the sums are taken again: what was found may have been spent on
since. A batch that had read one of the rows before finds its version changed, and begins again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from almoner_server.core.records import AccountKey
from almoner_server.store.connect import Database, patience
from almoner_server.store.errors import Conflict
from almoner_server.store.json_rows import to_json_rows
from almoner_server.store.queries import query
from almoner_server.store.verify import UNLISTED, VERIFY_SECONDS, Finding

NAMESPACE, KIND, ID = AccountKey._fields
MAX_TRIES = 20
"""How often callers may come first, by adding a row that was missing, before the repair is given up."""
PAUSE_SECONDS = 0.05


async def repair(database: Database, findings: Sequence[Finding]) -> int:
    """Make the accounts of findings anew, and list holds that are not listed; returns how many of both it was.

    Callers that spend on one of these accounts wait for as long as it takes.

    Raises:
        StoreUnavailable: nothing was changed, or it is not known whether the repair was committed.
    """
    keys = sorted({finding.account for finding in findings if finding.account is not None})
    unlisted = sorted({finding.namespace for finding in findings if finding.kind == UNLISTED})
    if not keys and not unlisted:
        return 0
    for _ in range(MAX_TRIES - 1):
        with suppress(Conflict):
            return await _repair(database, keys, unlisted)
        await asyncio.sleep(PAUSE_SECONDS)
    return await _repair(database, keys, unlisted)


async def _repair(database: Database, keys: Sequence[AccountKey], unlisted: Sequence[str]) -> int:
    """Repair accounts, and the lists of namespaces. Returns how many accounts and holds it was."""
    rows = to_json_rows((NAMESPACE, KIND, ID), keys)
    async with database.transaction() as connection:
        await connection.execute(patience(VERIFY_SECONDS))
        await connection.execute(
            query("lock_namespaces"), sorted({*unlisted, *(key.namespace for key in keys)})
        )
        for step in _STEPS:
            await connection.execute(query(step), rows, timeout=VERIFY_SECONDS)
        listed: int = await connection.fetchval(query("repair_expiries"), unlisted, timeout=VERIFY_SECONDS)
    return len(keys) + listed


_STEPS = (
    "lock_accounts",
    "repair_missing",
    "lock_accounts",  # those that somebody else has added meanwhile
    "repair_pools",
    "repair_counters",
)
