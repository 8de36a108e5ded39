"""What PostgreSQL really did: the plans of all statements that a store runs, as they run."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from almoner_server.store import Store
from almoner_server.store.queries import SQL, query

GROWING = frozenset(
    {
        "accounts",
        "adjustments",
        "charges",
        "chats",
        "expiries",
        "holds",
        "limit_changes",
        "limits",
        "user_groups",
    }
)
"""Tables without a bound: no statement of the hot path may read one from end to end."""
SETTINGS = """
    LOAD 'auto_explain';
    SET auto_explain.log_min_duration = 0;
    SET auto_explain.log_analyze = on;
    SET auto_explain.log_timing = off;
    SET auto_explain.log_format = json;
    SET client_min_messages = log;
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Is one statement's plan, with what each of its steps has really read."""

    statement: str
    root: dict[str, Any]

    @property
    def read_whole(self) -> set[str]:
        """Name the growing tables that were read from end to end."""
        scans = (step for step in _steps(self.root) if step["Node Type"] == "Seq Scan")
        return {step["Relation Name"] for step in scans} & GROWING

    @property
    def touched(self) -> dict[str, int]:
        """Count the rows looked at in each growing table, also those that a filter then left out."""
        rows: dict[str, int] = {}
        for step in _steps(self.root):
            table = step.get("Relation Name")
            if table in GROWING and step["Node Type"] != "ModifyTable":
                rows[table] = rows.get(table, 0) + _rows(step)
        return rows


@dataclass(slots=True)
class Plans:
    """Collects plans."""

    found: list[Plan] = field(default_factory=list)

    def take(self, _: object, message: asyncpg.PostgresLogMessage) -> None:
        """Read what auto_explain has to say about one statement."""
        _, marker, text = (message.message or "").partition("plan:\n")
        if marker:
            plan = json.loads(text)
            self.found.append(Plan(_name(plan["Query Text"]), plan["Plan"]))

    @property
    def touched(self) -> set[str]:
        """Name the growing tables that any statement looked into."""
        return {table for plan in self.found for table in plan.touched}


@asynccontextmanager
async def explained(
    dsn: str, plans: Plans, mode: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    """Open a store whose statements are explained while they run, planned in one mode of plan_cache_mode."""
    create_pool = asyncpg.create_pool

    async def setup(connection: Any) -> None:
        await connection.execute(f"{SETTINGS}; SET plan_cache_mode = {mode}")
        connection.add_log_listener(plans.take)

    with monkeypatch.context() as patch:
        patch.setattr(
            asyncpg, "create_pool", lambda *args, **options: create_pool(*args, **options, setup=setup)
        )
        store = await Store.open(dsn)
    try:
        yield store
    finally:
        await store.close()


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _steps(below)


def _rows(step: dict[str, Any]) -> int:
    left_out = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
    rows: float = step["Actual Rows"] + sum(step.get(name, 0) for name in left_out)
    return round(rows * float(step["Actual Loops"]))


def _name(text: str) -> str:
    """Name a statement by its file, or by how it begins if it has none."""
    names = {query(path.stem).strip(): path.stem for path in SQL.glob("*.sql")}
    return names.get(text.strip(), text.strip()[:80])
