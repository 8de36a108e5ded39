"""Play histories that nobody has played before, for as many minutes as asked: `make soak ARGS="--minutes 10"`."""

import argparse
import asyncio
import time

from hypothesis import settings

from tests.stateful.play import PLAIN, play, play_in_real_time
from tests.support.postgres import Postgres

NEW_ONES = settings(PLAIN, max_examples=200, stateful_step_count=50)


async def soak(postgres: Postgres, minutes: float) -> None:
    """Play rounds of histories until the time is over, each on a new database, every other in real time.

    Raises as `play` does.
    """
    end = time.monotonic() + 60 * minutes
    rounds = 0
    while rounds == 0 or time.monotonic() < end:
        dsn = await postgres.create_database()
        report = await (play if rounds % 2 == 0 else play_in_real_time)(dsn, NEW_ONES)
        await postgres.drop_database(dsn)
        rounds += 1
        print(
            f"round {rounds}: {NEW_ONES.max_examples} histories, {report.charges} charges, no difference",
            flush=True,
        )


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for how long (default: 10)")
    minutes = parser.parse_args().minutes
    postgres = Postgres.embedded()
    with postgres:
        asyncio.run(soak(postgres, minutes))


if __name__ == "__main__":
    main()
