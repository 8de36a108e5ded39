"""What a process remembers has an end, and reaching it costs nothing."""

import time

from almoner_server.store.bounded import Bounded


def test_the_oldest_entries_are_forgotten() -> None:
    kept: Bounded[int, str] = Bounded(100)
    for number in range(1000):
        kept.remember([(number, "value")])
        assert len(kept) <= 100
        assert list(kept) == list(range(number + 1 - len(kept), number + 1))
    assert len(kept) >= 98


def test_more_entries_at_once_than_it_may_have() -> None:
    kept: Bounded[int, str] = Bounded(10)
    kept.remember((number, "value") for number in range(25))
    assert list(kept) == list(range(15, 25))


def test_a_full_one_takes_entries_about_as_fast_as_an_empty_one() -> None:
    most, batch = 50_000, 50
    kept: Bounded[int, str] = Bounded(most)

    def seconds(start: int, count: int) -> float:
        began = time.process_time()
        for first in range(start, start + count, batch):
            kept.remember((number, "value") for number in range(first, first + batch))
        return time.process_time() - began

    filling = seconds(0, most)
    assert seconds(most, 4 * most) < 4 * 10 * filling
