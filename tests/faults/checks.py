"""What became of a load: every promise that can be read off the database and the callers' journal."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from almoner_server.core.terms import HoldState
from almoner_server.store import Store

from tests.faults.caller import HOLD_SECONDS
from tests.faults.journal import Entry, Event, Journal, Kind
from tests.faults.load import Load
from tests.faults.rules import TOP_UP, TREE, TREE_TOKENS
from tests.faults.watch import Watch

EXPIRY_SECONDS = 2.0
"""Holds whose time has run out are freed within that, says docs/semantics.md, Holds."""
SLOW_MACHINE_SECONDS = 3.0
CHARGES = "SELECT id, attributes ->> 'intent' AS intent, net FROM charges"
OPEN_HOLDS = "SELECT count(*) FROM holds WHERE state = 1"


@dataclass(frozen=True)
class Row:
    """Is a line of the table: what one fault did."""

    fault: str
    acknowledged: int
    """Calls answered, refusals included."""
    lost: int
    """Charges, holds and top-ups that were acknowledged and are not there, or not with their amounts."""
    doubled: int
    """Charges and top-ups that are there more than once, whatever their callers were told."""
    longest_gap: float
    """Seconds without any answer."""
    overspend: int
    """The most by which any account was seen over any limit."""
    leaked: int
    """Holds still open when their time had run out, or that were open and had ended for their callers."""
    wrong: tuple[str, ...]
    """Answers that no fault may cause: what was asked, and the error."""
    findings: tuple[str, ...]
    """What `almoner verify` found."""

    @property
    def verify(self) -> str:
        """Say what verify found."""
        return f"{len(self.findings)} differences" if self.findings else "clean"

    @property
    def clean(self) -> bool:
        """Tell whether every promise was kept."""
        bad = (self.lost, self.doubled, self.overspend, self.leaked, len(self.wrong), len(self.findings))
        return not any(bad)


async def examine(fault: str, dsn: str, load: Load, watch: Watch) -> Row:
    """Check everything, once the callers have ended and the service is back."""
    journal = load.journal
    connection = await asyncpg.connect(dsn)
    try:
        leaked = await _leaked(connection, dsn)
        await watch.look(connection)
        lost, doubled = await _charges(connection, journal)
        lost += await _holds(connection, journal)
        raised = await _top_ups(connection, journal)
    finally:
        await connection.close()
    return Row(
        fault=fault,
        acknowledged=load.calls_answered(),
        lost=lost + max(0, -raised),
        doubled=doubled + max(0, raised),
        longest_gap=load.longest_gap(),
        overspend=watch.worst,
        leaked=leaked,
        wrong=tuple(_in_words(entry) for entry in journal.entries if entry.event is Event.WRONG),
        findings=await _verify(dsn),
    )


def _in_words(entry: Entry) -> str:
    return f"{entry.kind}: {entry.details['code']} {entry.details['message']}"


async def _charges(connection: "asyncpg.Connection[asyncpg.Record]", journal: Journal) -> tuple[int, int]:
    """Compare the ledger with what callers meant, and with what they were told."""
    meant = {entry.intent: entry.details["amounts"] for entry in journal.of(Kind.CHARGE, Event.SENT)}
    told = {entry.intent for entry in journal.of(Kind.CHARGE, Event.ALLOWED)}
    booked: dict[str, list[dict[str, int]]] = defaultdict(list)
    for row in await connection.fetch(CHARGES):
        booked[row["intent"]].append(json.loads(row["net"]))
    lost = sum(meant[intent] not in booked[intent] for intent in told)
    times = Counter({intent: len(entries) for intent, entries in booked.items()})
    unmeant = sum(
        intent not in meant or entries[0] != meant[intent] for intent, entries in booked.items() if entries
    )
    return lost, sum(count - 1 for count in times.values() if count > 1) + unmeant


async def _holds(connection: "asyncpg.Connection[asyncpg.Record]", journal: Journal) -> int:
    """Count the holds that were acknowledged and are unknown, and those released that have not been."""
    states: dict[str, int] = {
        str(row["id"]): row["state"] for row in await connection.fetch("SELECT id, state FROM holds")
    }
    unknown = {entry.intent for entry in journal.of(Kind.HOLD, Event.ALLOWED)} - states.keys()
    released = (entry.intent for entry in journal.of(Kind.RELEASE, Event.ALLOWED))
    return len(unknown) + sum(states.get(intent) != HoldState.RELEASED for intent in released)


async def _top_ups(connection: "asyncpg.Connection[asyncpg.Record]", journal: Journal) -> int:
    """Return by how many top-ups the limit is too high, or, below 0, too low."""
    amount = await connection.fetchval("SELECT amount FROM limits WHERE target_id = $1", TREE)
    raised = ((amount or 0) - TREE_TOKENS) // TOP_UP
    told = len(journal.of(Kind.TOP_UP, Event.ALLOWED))
    sent = len(journal.of(Kind.TOP_UP, Event.SENT))
    return int(min(raised - told, 0) or max(raised - sent, 0))


async def _leaked(connection: "asyncpg.Connection[asyncpg.Record]", dsn: str) -> int:
    """Count the holds that stay open although their time has run out: nobody needs to wait for that here."""
    store = await Store.open(dsn)
    try:
        await store.clock.advance(timedelta(seconds=HOLD_SECONDS + 1))
    finally:
        await store.close()
    deadline = time.monotonic() + EXPIRY_SECONDS + SLOW_MACHINE_SECONDS
    while left := int(await connection.fetchval(OPEN_HOLDS)):
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(0.05)
    return left


async def _verify(dsn: str) -> tuple[str, ...]:
    store = await Store.open(dsn)
    try:
        return tuple(finding.message for finding in (await store.upkeep.verify()).findings)
    finally:
        await store.close()
