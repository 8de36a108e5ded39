"""Each example is run as its reader would run it, against a real authority, and does what it says."""

import re
import sys

from tests.examples.conftest import SECONDS_TO_MIDNIGHT
from tests.examples.program import output_of


async def run(name: str, server: str) -> list[str]:
    return await output_of(sys.executable, "-W", "error", name, server=server)


async def test_the_web_backend_answers_refusals_with_retry_after(address: str) -> None:
    assert await run("web_backend.py", address) == [
        "ann: 200 You said: hello",
        "ann: 200 You said: again",
        f"ann: 402 Quota exceeded, Retry-After: {SECONDS_TO_MIDNIGHT} s",
        "ben: 429 Quota busy, Retry-After: 1 s",
        "ben: 200 You said: hello",
    ]


async def test_the_tree_of_agents_spends_its_limit_to_the_cent(address: str) -> None:
    *stops, calls, left = await run("agent_tree.py", address)
    assert calls == "10 calls were made by the whole tree"
    assert left == "what is left for run-1 > run-1.1: $0.00 of $1.00"
    # Six agents of two levels below the root want two calls each; eight are left for them.
    made = [
        re.fullmatch(r"run-1\.[\d.]+ stops after ([01]) of 2 calls: the tree's money is spent", stop)
        for stop in stops
    ]
    assert all(made)
    assert sum(2 - int(stop[1]) for stop in made if stop) == 4


async def test_the_stream_is_cut_at_the_limit_and_all_it_sent_is_booked(address: str) -> None:
    assert await run("streaming_partial.py", address) == [
        "350 of 350 tokens sent",
        "600 of 5000 tokens sent, cut there: EXHAUSTED",
        "spent 950 of 1000, held 0",
    ]


async def test_the_bill_takes_the_place_of_estimates_and_unpriced_charges(address: str) -> None:
    before, *adjusted, after = await run("price_unknown.py", address)
    assert before == "before the bill: $0.50 booked, 2 estimated and 1 unpriced still to come"
    assert sorted(adjusted) == [
        "req-1: ESTIMATE of $0.25 became $0.07",
        "req-2: ESTIMATE of $0.25 became $0.02",
        "req-3: UNPRICED of $0.00 became $0.011",
    ]
    assert after == "after the bill: $0.101 booked, 0 estimated and 0 unpriced still to come"


async def test_the_workers_keep_to_the_calls_they_may_have_in_flight(address: str) -> None:
    assert await run("blocking_worker.py", address) == [
        "12 jobs done by 6 threads, at most 2 calls at once: kept",
        "$0.18 of $5.00 spent",
    ]
