"""The ground of every history: one namespace at a server and in the model, each call made of both."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import TypeVar
from uuid import uuid4

from almoner.v1.admin_service_pb2 import CreateNamespaceRequest
from almoner.v1.resources_pb2 import Namespace
from google.protobuf.message import Message
from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine

from tests.stateful.compare import Outcome, outcome, plain, require_same
from tests.stateful.model import ModelAuthority, Refusal
from tests.stateful.values import STARTS, UNITS, uuid
from tests.stateful.wire import Wire

RequestT = TypeVar("RequestT", bound=Message)
_numbers = count(1)


class History(RuleBasedStateMachine):
    """Makes every call of a server and of the model, and compares what they answer."""

    sets_clock = True
    """Whether the clock stands until a step sets it. If not, it runs, and times are not compared."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.namespace = f"history {next(_numbers)} {uuid4().hex[:8]}"
        self.start = STARTS[0]
        self.model = ModelAuthority(self.start, set(UNITS))
        self.differed = False
        self.calls: list[tuple[str, Message]] = []
        self.etags: dict[str, str] = {}

    def begin(self, start: int) -> None:
        """Set the clock and create the namespace."""
        self.wire.begin()
        self.start = STARTS[start] if self.sets_clock else datetime.now(UTC)
        self.model = ModelAuthority(self.start, set(UNITS))
        if self.sets_clock:
            self.wire.set_clock(self.start)
        settings = Namespace(name=self.namespace, units=UNITS)
        self.wire.call("CreateNamespace", CreateNamespaceRequest(namespace=settings))

    def call(self, method: str, request: RequestT, *, keep: bool = True) -> Outcome:
        """Make a call of both; both must answer the same. Kept ones may be made again."""
        if keep:
            self.calls.append((method, request))
        if not self.sets_clock:
            self.model.world.now = datetime.now(UTC)
        expected = outcome(self.model.call, method, request)
        found = outcome(self.wire.call, method, self._for_server(request))
        if keep:
            note(f"    -> {_in_short(found)}")
        self._compare(method, request, found, expected)
        self._pair_etags(found, expected)
        return found

    def call_together(self, method: str, requests: Sequence[Message]) -> None:
        """Make calls of one method as one batch; each must be answered as if they were made one by one."""
        self.calls += [(method, request) for request in requests]
        if not self.sets_clock:
            self.model.world.now = datetime.now(UTC)
        expected = [outcome(self.model.call, method, request) for request in requests]
        found = self.wire.call_together(method, requests)
        note(f"    -> {', '.join(_in_short(answer) for answer in found)}")
        for request, server, model in zip(requests, found, expected, strict=True):
            self._compare(method, request, server, model)

    def _compare(self, method: str, request: Message, found: Outcome, expected: Outcome) -> None:
        self.differed = True
        require_same(method, request, found, expected, times=self.sets_clock)
        self.differed = False

    def hold_id(self, back: int) -> str:
        """Return the id of a hold: the last one is 0 back, a new one -1; one that is not there if there are too few."""
        return _nth_last(list(self.model.world.holds), back, "hold")

    def charge_id(self, back: int) -> str:
        """Return the id of a charge, as `hold_id` does."""
        return _nth_last(list(self.model.world.charges), back, "charge")

    def _for_server(self, request: RequestT) -> RequestT:
        """Put the server's etag in the place of the model's."""
        etag = getattr(request, "etag", "")
        if not etag:
            return request
        copy = type(request)()
        copy.CopyFrom(request)
        copy.etag = self.etags.get(etag, etag)  # type: ignore[attr-defined]
        return copy

    def _pair_etags(self, found: Outcome, expected: Outcome) -> None:
        if hasattr(found, "limit") and hasattr(expected, "limit"):
            self.etags[expected.limit.etag] = found.limit.etag


def _nth_last(ids: list[str], back: int, kind: str) -> str:
    return ids[-1 - back] if 0 <= back < len(ids) else uuid(kind, len(ids))


def _in_short(answer: Outcome) -> str:
    if isinstance(answer, Refusal):
        return f"{answer.code} {answer.reason}"
    decision = getattr(answer, "decision", None)
    if decision is not None:
        return "allowed" if decision.allowed else f"refused {decision.reason}"
    return str(plain(answer))[:160]
