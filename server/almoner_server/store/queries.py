"""SQL by name: one statement a file in sql/, so that each can be read, and planned, on its own."""

from functools import cache
from pathlib import Path

SQL = Path(__file__).parent / "sql"


@cache
def query(name: str) -> str:
    """Return the statement of sql/<name>.sql."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
