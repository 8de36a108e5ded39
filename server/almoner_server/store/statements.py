"""Statements made of parts: what a batch does not need is left out, since setting it up takes time too.

In the file a part stands between the lines `-- part NAME` and `-- end`, and `:name` is a parameter.
"""

import re
from dataclasses import dataclass
from functools import cache

from almoner_server.store.queries import query

_PART = re.compile(r"^-- part (\w+)\n(.*?)^-- end\n", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """Is SQL as PostgreSQL takes it, and the names of its parameters in their order."""

    text: str
    parameters: tuple[str, ...]


@cache
def statement(name: str, parts: tuple[str, ...]) -> Statement:
    """Return the statement of sql/<name>.sql with these parts, in any order, and no others."""
    text = _PART.sub(lambda found: found[2] if found[1] in parts else "", query(name))
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    numbers: dict[str, int] = {}
    numbered = _PARAMETER.sub(
        lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", "\n".join(lines)
    )
    return Statement(numbered, tuple(numbers))
