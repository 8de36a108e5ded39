"""Two answers in a form that can be compared, and read side by side."""

from collections.abc import Callable
from difflib import ndiff
from itertools import groupby
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.text_format import MessageToString

from tests.stateful.model import Refusal

OPAQUE = {"etag", "message"}
"""Fields whose content is the server's own business."""
TIMES = {"occurred_at", "retry_after"}
"""Fields that depend on the moment of the call, besides those named `..._time`."""
AMOUNTS = {"held", "spent", "amounts", "net_amounts", "change", "overrun"}
"""Maps in which a unit with 0 says as much as one that is missing."""
LIMITS = {"limits", "refused_by"}
"""Lists in the order of docs/semantics.md, Refusals."""
LISTS = {"charges", "holds", "limit_changes"}
"""Lists that the server gives newest first, and what is of one moment in any order."""

Call = Callable[[str, Message], Message]
Outcome = Message | Refusal


def outcome(call: Call, method: str, request: Message) -> Outcome:
    """Return the answer to a call, or its error."""
    try:
        return call(method, request)
    except Refusal as refusal:
        return refusal


def require_same(
    method: str, request: Message, server: Outcome, model: Outcome, *, times: bool = True
) -> None:
    """Raise AssertionError, showing both, unless the server answered as the model did, `times` included."""
    found, wanted = plain(server, times=times), plain(model, times=times)
    if found != wanted:
        lines = "\n".join(ndiff(lines_of(wanted), lines_of(found)))
        asked = MessageToString(request, as_one_line=True)
        raise AssertionError(f"{method} {asked}\n- is what the model answers, + the server:\n{lines}")


def plain(answer: Outcome, *, times: bool = True) -> object:
    """Return what an answer says as plain values."""
    if isinstance(answer, Refusal):
        return f"{answer.code} {answer.reason}"
    found = MessageToDict(answer, preserving_proto_field_name=True)
    return _plain(found if times else _without_times(found))


def lines_of(value: object, name: str = "") -> list[str]:
    """Return plain values as lines `path.to.field: value`."""
    if isinstance(value, dict):
        return [line for key in sorted(value) for line in lines_of(value[key], f"{name}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [line for number, item in enumerate(value) for line in lines_of(item, f"{name}[{number}]")]
    return [f"{name}: {value}"]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _field(key, item)
        for key, item in value.items()
        if key not in OPAQUE and not (key in AMOUNTS and item and not _without_zeros(item))
    }


def _field(key: str, value: Any) -> Any:
    if key in AMOUNTS:
        return _without_zeros(value)
    if key in LIMITS:
        return _by_rank([_plain(item) for item in value])
    if key == "limit_changes":  # the server makes their ids itself
        value = [{name: item for name, item in change.items() if name != "id"} for change in value]
    if key in LISTS:
        return sorted((_plain(item) for item in value), key=str)
    return _plain(value)


def _by_rank(limits: list[Any]) -> list[Any]:
    """Sort neighbours of the same rank, among whom no order is promised: a chat's limits, the user's, pools."""
    return [each for _, same in groupby(limits, key=_rank) for each in sorted(same, key=str)]


def _rank(limit: dict[str, Any]) -> object:
    scope = limit.get("scope")
    if scope is None:  # ListLimits promises an order for each
        return id(limit)
    return scope, limit["source"] if "CHAT" in scope else None


def _without_times(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_times(item)
        for key, item in value.items()
        if key not in TIMES and not key.endswith("_time")
    }


def _without_zeros(value: Any) -> Any:
    """Drop the zeros of a map; `spent` and `held` of a limit are plain numbers."""
    return {unit: n for unit, n in value.items() if n != "0"} if isinstance(value, dict) else value
