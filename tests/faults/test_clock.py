"""The clock of one server is wrong by an hour: the database's is the one clock, so nobody notices."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from tests.faults.conftest import Trial
from tests.faults.service import either, service

HOUR = 3600
LIBRARY = "libfaketime.so.1"
FOLDERS = ("usr/lib/*/faketime", "usr/lib/faketime", "usr/local/lib/faketime")
WRONG_PYTHON = f'''
"""Put the clock of this interpreter an hour ahead, datetime's included."""
import datetime, time
right = datetime.datetime
class Kind(type(right)):
    def __instancecheck__(cls, value): return isinstance(value, right)
class Wrong(right, metaclass=Kind):
    @classmethod
    def now(cls, tz=None): return right.now(tz) + datetime.timedelta(seconds={HOUR})
datetime.datetime = Wrong
seconds, nanoseconds = time.time, time.time_ns
time.time = lambda: seconds() + {HOUR}
time.time_ns = lambda: nanoseconds() + {HOUR} * 10**9
'''
NEWEST = "SELECT max(create_time) - clock_timestamp() < '1 minute' FROM charges"
LONGEST = "SELECT max(expire_time - admit_time) <= '10 minutes' FROM holds"


@pytest.fixture
def wrong_clock(tmp_path: Path) -> Mapping[str, str]:
    """Return the environment of a process whose clock is an hour ahead: libfaketime, or Python by itself."""
    libraries = [path for folder in FOLDERS for path in Path("/").glob(f"{folder}/{LIBRARY}")]
    if libraries:
        settings = {"FAKETIME": f"+{HOUR}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        environment = {"LD_PRELOAD": str(libraries[0]), **settings}
    else:
        (tmp_path / "sitecustomize.py").write_text(WRONG_PYTHON)
        environment = {"PYTHONPATH": str(tmp_path)}
    tell = "import datetime, time; print(min(time.time(), datetime.datetime.now().timestamp()))"
    told = subprocess.run(
        [sys.executable, "-c", tell], env=environment, capture_output=True, text=True, check=True
    )
    assert float(told.stdout) - time.time() == pytest.approx(HOUR, abs=60)
    return environment


@pytest.mark.full
async def test_one_of_two_servers_is_an_hour_ahead(
    trial: Trial, database: str, log: Path, wrong_clock: Mapping[str, str]
) -> None:
    options = ("--database-url", database)
    async with service(log, *options) as right, service(log, *options, environment=wrong_clock) as wrong:
        targets = [either(wrong.address, right.address), either(right.address, wrong.address)]
        async with trial("clock of one of two servers an hour ahead", database, targets) as load:
            await load.answers(100)
            connection = await asyncpg.connect(database)
            assert await connection.fetchval(NEWEST)
            assert await connection.fetchval(LONGEST)
            await connection.close()
