"""The guard tells noise from change, and change from regression, in the direction that counts."""

from pathlib import Path

import pytest

from bench.figures import Better, Comparison, Figures, Ratio
from bench.guard import Verdict, compare
from bench.record import Record, last_record


def record(
    values: list[float], better: Better = Better.HIGHER, *, guarded: bool = True, date: str = "1"
) -> Record:
    return Record(date, {}, {}, [], ratios=[Ratio("r", values, better, None, guarded)])


@pytest.mark.parametrize(
    ("better", "then", "now", "verdict"),
    [
        (Better.HIGHER, [0.9, 1.0, 1.1], [0.5, 0.6, 0.95], Verdict.SAME),  # the rounds overlap
        (Better.HIGHER, [0.9, 1.0, 1.1], [0.5, 0.6, 0.7], Verdict.REGRESSION),
        (Better.HIGHER, [0.99, 1.0, 1.1], [0.85, 0.9, 0.95], Verdict.WORSE),
        (Better.HIGHER, [0.9, 1.0, 1.1], [1.2, 1.3, 1.4], Verdict.BETTER),
        (Better.LOWER, [1.4, 1.5, 1.6], [2.0, 2.1, 2.2], Verdict.REGRESSION),
        (Better.LOWER, [1.4, 1.5, 1.6], [1.0, 1.1, 1.2], Verdict.BETTER),
    ],
)
def test_a_regression_is_beyond_both_spreads_and_the_tolerance(
    better: Better, then: list[float], now: list[float], verdict: Verdict
) -> None:
    (change,) = compare(record(then, better), record(now, better), tolerance=0.25)
    assert change.verdict is verdict
    assert str(change).startswith(f"{verdict.value}: r: was ")


def test_ratios_that_are_not_guarded_or_were_not_measured_then_are_left_out() -> None:
    assert list(compare(record([1.0]), record([0.1], guarded=False))) == []
    assert list(compare(Record("1", {}, {}, []), record([0.1]))) == []


def test_ratios_are_those_of_the_same_round() -> None:
    figures = Figures()
    for ours, theirs in ((10.0, 20.0), (30.0, 40.0)):
        figures.add("s", "rate", "almoner", 8, ours)
        figures.add("s", "rate", "no-op", 8, theirs)
    comparison = Comparison("almoner", "rate", "no-op", Better.HIGHER, target=0.7)
    (ratio,) = figures.ratios("s", comparison)
    assert ratio.values == [0.5, 0.75]
    assert ratio.name == "s, rate, almoner : no-op, 8"
    assert ratio.met is False


def test_several_servers_are_compared_with_one() -> None:
    figures = Figures()
    for count, rate in ((1, 100.0), (2, 160.0), (4, 170.0)):
        figures.add("s", "rate", "almoner", count, rate)
    comparison = Comparison(
        "almoner", "rate", "almoner", Better.HIGHER, yardstick_point="1", target=1.5, target_point="2"
    )
    two, four = figures.ratios("s", comparison)
    assert (two.values, two.met) == ([1.6], True)
    assert (four.values, four.met) == ([1.7], None)


def test_the_last_run_recorded_is_the_one_compared_with(tmp_path: Path) -> None:
    assert last_record(tmp_path) is None
    for name, date, value in (("a", "2026-11-02", 2.0), ("b", "2026-11-01", 1.0)):
        folder = tmp_path / name
        folder.mkdir()
        record([value], date=date).write(folder)
    last = last_record(tmp_path)
    assert last is not None
    assert last.ratios == record([2.0]).ratios
