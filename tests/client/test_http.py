import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
from almoner import Decision, QuotaBusy, QuotaExceeded, Refused
from almoner.http import HttpResponse, RefusalStatus
from almoner.v1 import resources_pb2 as pb
from almoner.wire.responses import decision

from tests.client.script import refused


def refusal(reason: pb.RefusalReason.ValueType, retry_after: timedelta | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        of(reason, retry_after).raise_for_refusal()
    return caught.value


def of(reason: pb.RefusalReason.ValueType, retry_after: timedelta | None = None) -> Decision:
    return decision(refused(reason, retry_after).decision)


def test_the_reason_chooses_the_error() -> None:
    assert type(refusal(pb.REFUSAL_REASON_EXHAUSTED)) is QuotaExceeded
    assert type(refusal(pb.REFUSAL_REASON_BUSY)) is QuotaBusy


def test_an_error_carries_the_decision_and_says_it_in_words() -> None:
    error = refusal(pb.REFUSAL_REASON_EXHAUSTED)
    assert str(error) == "The month is full."
    assert error.decision == of(pb.REFUSAL_REASON_EXHAUSTED)


def test_an_error_survives_the_way_to_another_process() -> None:
    error = refusal(pb.REFUSAL_REASON_BUSY, timedelta(seconds=1))
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.decision) == (type(error), str(error), error.decision)


@pytest.mark.parametrize("status", [402, 403, 409, 429])
def test_the_caller_chooses_the_status(status: RefusalStatus) -> None:
    response = refusal(pb.REFUSAL_REASON_EXHAUSTED).http_response(status=status)
    assert response.status == status
    assert response.body["status"] == status


@pytest.mark.parametrize("status", [200, 500, "429", None])
def test_a_status_that_fits_no_refusal_is_refused(status: Any) -> None:
    with pytest.raises(ValueError, match=rf"status: {status!r} is not one of 402, 403, 409, 429"):
        refusal(pb.REFUSAL_REASON_EXHAUSTED).http_response(status)


@pytest.mark.parametrize(
    ("millis", "seconds"), [(0, "0"), (1, "1"), (1_000, "1"), (1_001, "2"), (86_400_000, "86400")]
)
def test_retry_after_is_in_whole_seconds_rounded_up(millis: int, seconds: str) -> None:
    response = refusal(pb.REFUSAL_REASON_BUSY, timedelta(milliseconds=millis)).http_response()
    assert response.headers["Retry-After"] == seconds
    assert response.body["retry_after_seconds"] == int(seconds)


def test_where_waiting_does_not_help_there_is_no_retry_after() -> None:
    response = refusal(pb.REFUSAL_REASON_EXHAUSTED).http_response()
    assert "Retry-After" not in response.headers
    assert "retry_after_seconds" not in response.body


def test_the_body_is_a_problem_document_that_names_the_limit_but_no_ids() -> None:
    response = refusal(pb.REFUSAL_REASON_EXHAUSTED).http_response(402)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(json.dumps(response.body)) == {
        "title": "Quota exceeded",
        "status": 402,
        "detail": "The monthly limit on usd is used up; it resets on 2026-04-01 at 00:00 UTC.",
        "reason": "EXHAUSTED",
        "refused_by": [
            {
                "scope": "ACCOUNT_PERIOD",
                "unit": "usd_micros",
                "period": "MONTH",
                "limit": 100,
                "remaining": 0,
                "reset_time": "2026-04-01T00:00:00+00:00",
                "reason": "EXHAUSTED",
            }
        ],
    }


def of_limit(**changes: Any) -> HttpResponse:
    """Give the answer to a refusal by one limit."""
    answer = refused(pb.REFUSAL_REASON_EXHAUSTED)
    for status in (answer.decision.limits[0], answer.decision.refused_by[0]):
        status.MergeFrom(pb.LimitStatus(**changes))
    with pytest.raises(Refused) as caught:
        decision(answer.decision).raise_for_refusal()
    return caught.value.http_response()


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"period": pb.PERIOD_DAY, "remaining": 7},
            "The daily limit on usd has too little left; it resets on ",
        ),
        (
            {"unit": "tokens", "refusal_reason": pb.REFUSAL_REASON_BUSY},
            "The monthly limit on tokens is taken up",
        ),
        ({"period": pb.PERIOD_LIFETIME}, "The limit on usd is used up; "),
        (
            {"source": pb.Target(kind=pb.TARGET_KIND_GROUP_POOL, id="secret")},
            "The shared monthly limit on usd is used up; ",
        ),
        (
            {"source": pb.Target(kind=pb.TARGET_KIND_CHAT, id="secret")},
            "The monthly limit on usd is used up; ",
        ),
    ],
)
def test_the_detail_says_in_words_which_limit_refused_but_no_ids(
    changes: dict[str, Any], detail: str
) -> None:
    body = of_limit(**changes).body
    assert str(body["detail"]).startswith(detail)
    assert "secret" not in str(body)
    assert "research" not in str(body)


@pytest.mark.parametrize(
    ("kind", "remaining"),
    [
        (pb.TARGET_KIND_USER, 40),
        (pb.TARGET_KIND_GROUP_DEFAULT, 40),
        (pb.TARGET_KIND_CHAT, 40),
        (pb.TARGET_KIND_GROUP_POOL, None),
        (pb.TARGET_KIND_NAMESPACE_POOL, None),
    ],
)
def test_what_others_left_of_a_pool_is_not_told(kind: pb.TargetKind.ValueType, remaining: int | None) -> None:
    body: Any = of_limit(source=pb.Target(kind=kind, id="research"), remaining=40).body
    (limit,) = body["refused_by"]
    assert limit["remaining"] == remaining


def test_an_allowed_decision_raises_nothing() -> None:
    decision(pb.Decision(allowed=True)).raise_for_refusal()
