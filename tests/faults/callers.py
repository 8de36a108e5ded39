"""A process full of callers: `python -m tests.faults.callers FOLDER FIRST COUNT TARGET`, until SIGTERM.

TARGET is what gRPC dials: one server, or several of which the first that answers is taken. The callers of the
process have the numbers FIRST, FIRST + 1, ...; number 0 tops the chat tree up as well.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from almoner import Client, RetryPolicy

from tests.faults.caller import Caller
from tests.faults.journal import Pen


async def main() -> None:
    """Run all callers until a signal; then let each finish its turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("target")
    parser.add_argument("--new-ids", action="store_true", help="the bug of a client that repeats without ids")
    given = parser.parse_args()
    stop, pen = asyncio.Event(), Pen(given.folder)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    retry = RetryPolicy(attempts=1) if given.new_ids else None
    async with Client(given.target, retry=retry) as quota, asyncio.TaskGroup() as running:
        for number in range(given.first, given.first + given.count):
            caller = Caller(quota, pen, number, stop, new_ids=given.new_ids)
            running.create_task(caller.spend())
            if number == 0:
                running.create_task(caller.top_up())


if __name__ == "__main__":
    asyncio.run(main())
