"""Worker threads over one queue, with the blocking client and without a semaphore of their own.

    python examples/blocking_worker.py

A limit on the built-in unit `in_flight` says how many calls a user may have open at once, over all threads,
processes and machines; `wait` makes the others queue for it. Needs an authority at ALMONER_SERVER.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from almoner import Period, Target, format_usd, new_id
from almoner.blocking import Client

WORKERS = 6
JOBS = 12
AT_ONCE = 2


class Model:
    """Stands for a model that does not like more than so many callers, and sees how many come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers = 0
        self.most_callers = 0

    def call(self) -> str:
        with self._lock:
            self._callers += 1
            self.most_callers = max(self.most_callers, self._callers)
        time.sleep(0.02)
        with self._lock:
            self._callers -= 1
        return "0.015"


def work(quota: Client, model: Model, job: int) -> None:
    """Do one job. The client is shared: it may be used from any thread."""
    with quota.hold(user="batch", chat=f"job-{job}", usd="0.02", wait=60) as hold:
        hold.commit(usd=model.call())


def main() -> None:
    model = Model()
    with Client(namespace=f"blocking-worker-{new_id()}") as quota:
        quota.admin.create_namespace(quota.namespace, units=["usd_micros"])
        batch = Target.user("batch")
        quota.admin.set_limit(batch, unit="in_flight", period=Period.LIFETIME, amount=AT_ONCE)
        quota.admin.set_limit(batch, unit="usd", period=Period.DAY, amount="5.00")
        with ThreadPoolExecutor(WORKERS) as pool:
            done = list(pool.map(lambda job: work(quota, model, job), range(JOBS)))
        spent = next(limit.spent for limit in quota.status(user="batch").limits if limit.unit == "usd_micros")
    print(f"{len(done)} jobs done by {WORKERS} threads, at most {AT_ONCE} calls at once:", end=" ")
    print("kept" if model.most_callers <= AT_ONCE else f"broken, there were {model.most_callers}")
    print(f"${format_usd(spent)} of $5.00 spent")


if __name__ == "__main__":
    main()
