"""The model as a server: takes a request of `almoner.v1`, gives the response or raises the error."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from google.protobuf.message import Message

from tests.stateful.model import holds, reporting, ruling, settling
from tests.stateful.model.world import World

METHODS: dict[str, Callable[[World, Any], Message]] = {
    "CheckQuota": holds.check,
    "Release": holds.release,
    "Extend": holds.extend,
    "Commit": settling.commit,
    "Adjust": settling.adjust,
    "GetStatus": reporting.status,
    "SetLimit": ruling.set_limit,
    "DeleteLimit": ruling.delete_limit,
    "SetUserGroups": ruling.set_user_groups,
    "GetUserGroups": reporting.get_user_groups,
    "UpdateNamespace": ruling.update_namespace,
    "ListCharges": reporting.list_charges,
    "ListHolds": reporting.list_holds,
    "ListLimits": reporting.list_limits,
    "ListLimitChanges": reporting.list_limit_changes,
}


class ModelAuthority:
    """Answers as an authority with one namespace should."""

    def __init__(self, now: datetime, units: set[str]) -> None:
        self.world = World(now, now, units)

    def call(self, method: str, request: Message) -> Message:
        """Answer a call of a method, by its name. Raises Refusal."""
        answer = METHODS[method](self.world, request)
        copy = type(answer)()
        copy.CopyFrom(answer)
        return copy
