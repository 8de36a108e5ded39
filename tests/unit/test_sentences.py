"""A decision in words: who reads it learns which limit, how much is left, and until when."""

from datetime import UTC, datetime

import pytest
from almoner_server.core.records import Target
from almoner_server.core.requests import Decision, LimitStatus
from almoner_server.core.terms import Period, RefusalReason, Scope, TargetKind
from almoner_server.rpc.convert.amounts import dollars
from almoner_server.rpc.convert.sentences import sentence

MONTH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
EVERYBODY = Target(TargetKind.NAMESPACE_DEFAULT, "")
EXHAUSTED, BUSY = RefusalReason.EXHAUSTED, RefusalReason.BUSY


def monthly(
    limit: int | None,
    spent: int,
    held: int = 0,
    refusal: RefusalReason | None = None,
    unit: str = "usd_micros",
) -> LimitStatus:
    period = Period.MONTH
    return LimitStatus(Scope.ACCOUNT_PERIOD, EVERYBODY, unit, period, limit, spent, held, *MONTH, refusal)


def of_chat(limit: int, spent: int, refusal: RefusalReason | None = None) -> LimitStatus:
    target = Target(TargetKind.CHAT, "c1")
    period = Period.LIFETIME
    return LimitStatus(Scope.CHAT_LIFETIME, target, "tokens", period, limit, spent, 0, None, None, refusal)


def test_without_a_limit() -> None:
    assert sentence(Decision(()), {}) == "Allowed; no limit applies."
    assert sentence(Decision((monthly(None, 5),)), {}) == "Allowed; no limit applies."


def test_allowed_names_the_limit_that_is_closest() -> None:
    decision = Decision((of_chat(1000, 100), monthly(10_000_000, 9_500_000)))
    assert sentence(decision, {}) == (
        "Allowed; closest is the limit of $10.00 per month for each user, "
        "which had $0.50 left until 2026-04-01 at 00:00 UTC."
    )


def test_exhausted_names_what_is_left_and_when_it_resets() -> None:
    decision = Decision((monthly(10_000_000, 9_500_000, 0, EXHAUSTED),), EXHAUSTED)
    assert sentence(decision, {"usd_micros": 1_000_000}) == (
        "Refused: the limit of $10.00 per month for each user has $0.50 left, "
        "less than the $1.00 asked for; it resets on 2026-04-01 at 00:00 UTC."
    )


def test_the_first_of_several_is_explained() -> None:
    limits = (of_chat(1000, 1000, EXHAUSTED), monthly(0, 0, 0, EXHAUSTED), monthly(1, 1, 0, EXHAUSTED))
    assert sentence(Decision(limits, EXHAUSTED), {"tokens": 1}) == (
        "Refused: the limit of 1,000 tokens in all on chat c1 is used up; it never resets."
        " 2 more limits refused too."
    )


def test_busy_names_what_may_come_free() -> None:
    decision = Decision((monthly(100, 0, 60, BUSY, "messages"),), BUSY)
    assert sentence(decision, {"messages": 50}) == (
        "Refused: the limit of 100 messages per month for each user has 40 messages left, "
        "less than the 50 messages asked for; 60 messages on open holds may come free soon."
    )


def test_calls_in_flight_have_no_period() -> None:
    target, period = Target(TargetKind.USER, "u"), Period.LIFETIME
    full = LimitStatus(Scope.IN_FLIGHT, target, "in_flight", period, 1, 0, 1, None, None, BUSY)
    assert sentence(Decision((full,), BUSY), {}) == (
        "Refused: the limit of 1 call in flight set for user u is used up; "
        "1 call in flight on open holds may come free soon."
    )


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (17, "$0.000017"),
        (250_000, "$0.25"),
        (1_234_500_000, "$1,234.50"),
        (10**13, "$10,000,000.00"),
    ],
)
def test_dollars_have_the_digits_they_need(micros: int, text: str) -> None:
    assert dollars(micros) == text
