# Generated from almoner/_async/calls.py by tools/generate_blocking.py. Do not edit.
"""The calls of the QuotaService between values: what `Client` and `Hold` have in common."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message

from almoner._sync.transport import Transport
from almoner.errors import CallError
from almoner.runtime.blocking import sleep
from almoner.types.batch import Check, Commit
from almoner.types.decision import Checked
from almoner.types.enums import AdjustmentKind
from almoner.types.journal import Replayed
from almoner.types.ledger import Adjusted, Committed, HoldInfo
from almoner.types.status import Status
from almoner.v1 import quota_service_pb2 as quota
from almoner.v1 import resources_pb2 as pb
from almoner.wire import methods, requests, responses
from almoner.wire.batches import split
from almoner.wire.methods import Method
from almoner.wire.resources import hold_info


class QuotaCalls:
    """Makes the calls of one namespace."""

    def __init__(self, transport: Transport, namespace: str) -> None:
        self._transport = transport
        self._namespace = namespace

    def start(self) -> None:
        """Begin what goes on beside the calls: nothing, here."""

    def replay(self, *, dead: bool) -> Replayed:  # noqa: ARG002 - as those with a journal do
        """Deliver what a journal has."""
        raise ValueError("journal: this client has none")

    def close(self) -> None:
        """End what `start` began. Safe to repeat."""

    def check(self, check: Check, *, wait: float | timedelta = 0, timeout: float | None = None) -> Checked:
        """Ask whether amounts may be spent and, if so wished, set them aside."""
        return self._ask(requests.check_request(self._namespace, check, wait=wait), timeout)

    def _ask(self, request: quota.CheckQuotaRequest, timeout: float | None) -> Checked:
        if request.HasField("wait"):
            return responses.checked(self._ask_and_wait(request, timeout))
        return responses.checked(self._transport.call(methods.CHECK_QUOTA, request, timeout=timeout))

    def _ask_and_wait(
        self, request: quota.CheckQuotaRequest, timeout: float | None
    ) -> quota.CheckQuotaResponse:
        """Ask until the wait is over: a server that stops, or has too many who wait, sends callers away earlier."""
        left = request.wait.ToTimedelta().total_seconds()
        until = time.monotonic() + left
        while True:
            answer: quota.CheckQuotaResponse = self._transport.call(
                methods.CHECK_QUOTA, request, timeout=timeout, wait=left
            )
            left = until - time.monotonic()
            if left <= 0 or answer.decision.reason != pb.REFUSAL_REASON_BUSY:
                return answer
            sleep(min(left, responses.pause(answer)))
            left = max(0.0, until - time.monotonic())
            request.wait.FromTimedelta(timedelta(seconds=left))

    def commit(self, commit: Commit, *, timeout: float | None = None) -> Committed:
        """Book what was spent."""
        request = requests.commit_request(self._namespace, commit)
        return responses.committed(self._transport.call(methods.COMMIT, request, timeout=timeout))

    def release(self, hold_id: str, *, timeout: float | None = None) -> HoldInfo:
        """Give a hold back."""
        request = requests.release_request(self._namespace, hold_id)
        answer = self._transport.call(methods.RELEASE, request, timeout=timeout)
        return hold_info(answer.hold)

    def extend(
        self,
        hold_id: str,
        amounts: Mapping[str, int],
        ttl: float | timedelta | None,
        *,
        timeout: float | None = None,
    ) -> HoldInfo:
        """Change a hold, or raise the refusal."""
        request = requests.extend_request(self._namespace, hold_id, amounts, ttl)
        answer = self._transport.call(methods.EXTEND, request, timeout=timeout)
        responses.decision(answer.decision).raise_for_refusal()
        return hold_info(answer.hold)

    def adjust(
        self,
        charge_id: str,
        kind: AdjustmentKind,
        amounts: Mapping[str, int],
        *,
        adjustment_id: str | None,
        reason: str,
        timeout: float | None,
    ) -> Adjusted:
        """Correct a charge."""
        request = requests.adjust_request(self._namespace, charge_id, kind, amounts, adjustment_id, reason)
        return responses.adjusted(self._transport.call(methods.ADJUST, request, timeout=timeout))

    def status(
        self,
        user: str | None,
        groups: Iterable[str],
        chat: str | None,
        parent: str | None,
        *,
        timeout: float | None,
    ) -> Status:
        """Show what is left."""
        request = requests.status_request(self._namespace, user, groups, chat, parent)
        return responses.status(self._transport.call(methods.GET_STATUS, request, timeout=timeout))

    def check_many(self, checks: Iterable[Check], *, timeout: float | None) -> list[Checked | CallError]:
        """Ask many things."""
        batch = [requests.check_request(self._namespace, check) for check in checks]
        results = self._send_many(methods.BATCH_CHECK_QUOTA, batch, timeout)
        return [responses.check_result(result) for result in results]

    def commit_many(self, commits: Iterable[Commit], *, timeout: float | None) -> list[Committed | CallError]:
        """Book many things."""
        batch = [requests.commit_request(self._namespace, commit) for commit in commits]
        results = self._send_many(methods.BATCH_COMMIT, batch, timeout)
        return [responses.commit_result(result) for result in results]

    def _send_many(
        self, method: Method[Any, Any], batch: Sequence[Message], timeout: float | None
    ) -> Iterator[Any]:
        """Send a batch in as many calls as it needs, one after the other; give the result of each item."""
        deadline = self._transport.deadline(timeout)
        for part in split(batch):
            request = method.request(requests=part)
            answer = self._transport.call(method, request, timeout=deadline - time.monotonic())
            for _, result in zip(part, answer.results, strict=True):
                yield result
