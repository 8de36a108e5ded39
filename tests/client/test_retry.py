from itertools import pairwise
from typing import Any

import pytest
from almoner import RetryPolicy


def test_pauses_grow_to_the_ceiling_and_end() -> None:
    policy = RetryPolicy(attempts=7, initial=0.1, factor=2, ceiling=1)
    tops = [0.1, 0.2, 0.4, 0.8, 1, 1]
    for _ in range(50):
        pauses = list(policy.pauses())
        assert len(pauses) == len(tops)
        assert all(top / 2 <= pause <= top for pause, top in zip(pauses, tops, strict=True))


def test_pauses_differ_between_callers() -> None:
    first = [next(RetryPolicy().pauses()) for _ in range(20)]
    assert any(one != other for one, other in pairwise(first))


def test_one_attempt_means_no_pause() -> None:
    assert list(RetryPolicy(attempts=1).pauses()) == []


@pytest.mark.parametrize("attempts", [0, -1, 1.5, "5"])
def test_a_call_is_sent_at_least_once(attempts: Any) -> None:
    with pytest.raises(ValueError, match=rf"attempts: {attempts!r} is not a whole number of at least 1"):
        RetryPolicy(attempts=attempts)
