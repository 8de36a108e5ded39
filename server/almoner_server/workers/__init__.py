"""Run several server processes on one port: `almoner serve --workers N` (docs/decisions/0006-workers.md).

The supervisor holds the port and, if the database is its own, PostgreSQL; it serves no call itself and
never starts gRPC. A worker is the same authority that a single process would be.
"""

from almoner_server.workers.errors import WorkersFailed
from almoner_server.workers.lifeline import Lifeline
from almoner_server.workers.orders import Orders
from almoner_server.workers.supervise import supervise

__all__ = ["supervise", "Lifeline", "Orders", "WorkersFailed"]
