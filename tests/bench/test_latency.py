"""Percentiles are those of what was recorded, also after a journey between processes and when merged."""

import pickle

import pytest

from bench.latency import Latencies


def recorded(*milliseconds: float) -> Latencies:
    latencies = Latencies()
    for value in milliseconds:
        latencies.record(value / 1000)
    return latencies


def test_a_percentile_is_the_value_that_so_many_do_not_exceed() -> None:
    latencies = recorded(*range(1, 1001))
    assert latencies.milliseconds(50) == pytest.approx(500, rel=0.001)
    assert latencies.milliseconds(99) == pytest.approx(990, rel=0.001)
    assert latencies.milliseconds(100) == pytest.approx(1000, rel=0.001)


def test_three_digits_are_kept_from_microseconds_to_a_minute() -> None:
    for value in (0.012, 1.23, 45.6, 7_890.0):
        assert recorded(value).milliseconds(50) == pytest.approx(value, rel=0.001)
    assert recorded(3_600_000).milliseconds(50) == pytest.approx(60_000, rel=0.001)


def test_what_two_processes_recorded_is_merged() -> None:
    fast, slow = recorded(*[1] * 90), recorded(*[100] * 10)
    fast.merge(pickle.loads(pickle.dumps(slow)))
    assert fast.count == 100
    assert fast.milliseconds(90) == pytest.approx(1, rel=0.001)
    assert fast.milliseconds(91) == pytest.approx(100, rel=0.001)


def test_no_latency_is_made_up() -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        Latencies().milliseconds(50)
