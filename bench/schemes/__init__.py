"""What people do today instead, each written small and fair. All run in the caller's process: no service in front."""

from bench.schemes.advisory_lock import AdvisoryLock
from bench.schemes.balance import Balance
from bench.schemes.base import InProcess, Scheme, prepare
from bench.schemes.for_update import ForUpdate
from bench.schemes.ledger_sum import LedgerSum

SCHEMES: tuple[type[Scheme], ...] = (Balance, AdvisoryLock, LedgerSum, ForUpdate)
"""Those on PostgreSQL, (a) to (d); (e) is on Redis and runs where a redis-server is found."""

__all__ = ["SCHEMES", "AdvisoryLock", "Balance", "ForUpdate", "InProcess", "LedgerSum", "Scheme", "prepare"]
