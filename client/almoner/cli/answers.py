"""Answers as JSON documents: one a command, with the keys of the contract."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

import click

from almoner.types.decision import Decision
from almoner.types.ledger import Committed
from almoner.types.limits import Limit, LimitChange, LimitStatus
from almoner.types.parties import Chat

# Where Python calls a field otherwise than the contract does.
_NAMES = {(Chat, "parent"): "parent_id", (LimitChange, "before"): "from", (LimitChange, "after"): "to"}

# The contract has it beside the decision, not in it; a commit of the command line is never pending.
_LEFT_OUT = {(Decision, "degraded"), (Committed, "pending")}


def print_json(answer: object) -> None:
    """Print one document. Absent is null, times are ISO 8601 in UTC, durations are seconds."""
    click.echo(json.dumps(document(answer), indent=2, ensure_ascii=False))


def document(value: object) -> Any:
    """Convert values of this package, and lists and maps of them, to what JSON can say."""
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): document(item) for key, item in value.items()}
        case tuple() | list():
            return [document(item) for item in value]
        case _ if is_dataclass(value):
            return _fields(value)
        case _:
            return value


def _fields(value: Any) -> dict[str, Any]:
    named = {
        _NAMES.get((type(value), field.name), field.name): document(getattr(value, field.name))
        for field in fields(value)
        if (type(value), field.name) not in _LEFT_OUT
    }
    if isinstance(value, Limit | LimitStatus):
        named["unlimited"] = value.unlimited
    return named
